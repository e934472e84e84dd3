#: what: Ends with 256, of which eight bits remain.
#: expect: exited 0
import sys

sys.exit(256)
