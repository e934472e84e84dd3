#: what: Ends with a code that fits into no machine word.
#: expect: exited 255
import sys

sys.exit(2**64)
