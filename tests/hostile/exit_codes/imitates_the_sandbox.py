#: what: Ends with the code that stands for a lost run, to be taken for one.
#: expect: exited 125
import sys

sys.exit(125)
