#: exit: 7
# An exit code of more than 32 bits is cut, not refused
import sys

sys.exit(2**40 + 7)
