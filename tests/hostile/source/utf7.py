#: what: Names a source coding: utf-7, which hides characters from filters.
#: expect: exited 0
print("+AGgAaQ-")
