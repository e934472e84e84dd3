#: exit: 255
# An exit code that fits no machine integer is -1
import sys

sys.exit(2**100 + 7)
