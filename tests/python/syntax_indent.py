#: exit: 1
# IndentationError
if True:
print("not indented")
