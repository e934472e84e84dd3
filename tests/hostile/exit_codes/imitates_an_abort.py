#: what: Ends with the code and the words of an abort, without one.
#: expect: exited 134
#: stderr: Fatal Python error
import sys

print("Fatal Python error: the interpreter could not go on: it aborted", file=sys.stderr)
sys.exit(134)
