#: what: Ends with an integer that lies about itself.
#: expect: exited 7
import sys


class Seven(int):
    def __index__(self):
        raise RuntimeError

    __int__ = __str__ = __repr__ = __and__ = __index__


sys.exit(Seven(7))
