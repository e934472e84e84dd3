#: exit: 1
# A traceback through the standard library shows the library's lines
import shlex

print(shlex.split("a 'b c'"))
shlex.split("a 'b c")
