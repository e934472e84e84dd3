#: what: Ends with a code of its choice inside of the hook for uncaught exceptions.
#: expect: exited 42
import sys

sys.excepthook = lambda *_: sys.exit(42)
raise ValueError
