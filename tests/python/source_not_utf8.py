#: exit: 1
# Bytes that are no UTF-8
print("never")
print("café")
