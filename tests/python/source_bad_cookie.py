# -*- coding: no-such-codec -*-
#: exit: 1
print("never")
