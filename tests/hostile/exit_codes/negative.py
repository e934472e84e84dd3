#: what: Ends with a negative code.
#: expect: exited 255
import sys

sys.exit(-1)
