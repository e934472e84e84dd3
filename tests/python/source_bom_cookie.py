# -*- coding: latin-1 -*-
#: exit: 1
# A byte order mark and a cookie that contradict each other
print("never")
