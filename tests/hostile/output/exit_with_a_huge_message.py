#: what: Ends with a message of many mebibytes.
#: expect: output too large
import sys

sys.exit("x" * (10 << 20))
