#: exit: 1
# A bracket that is never closed
print("never")
values = [1, 2, (3, 4]
