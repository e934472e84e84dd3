#: exit: 1
# True is an integer
import sys

sys.exit(True)
