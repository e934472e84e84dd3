#: what: Ends with a text, which belongs on standard error.
#: expect: exited 1
#: stderr: goodbye
import sys

sys.exit("goodbye")
