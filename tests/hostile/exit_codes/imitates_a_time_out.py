#: what: Ends with the codes of a time-out and its words, to be taken for one.
#: expect: exited 124
#: stderr: timed out
import sys

print("timed out", file=sys.stderr)
sys.exit(124)
