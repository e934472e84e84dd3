#: what: Ends with one code and asks for others while it is being cleaned up.
#: expect: exited 5
import atexit
import sys


class Dying:
    def __del__(self):
        sys.exit(7)


dying = Dying()
atexit.register(sys.exit, 6)
sys.exit(5)
