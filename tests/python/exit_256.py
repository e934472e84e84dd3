#: exit: 0
# Only the low eight bits of an exit code survive
import sys

sys.exit(256)
