#: what: Ends with an object that fails when it is printed.
#: expect: exited 1
import sys


class Bad:
    def __str__(self):
        raise RuntimeError("no text")

    __repr__ = __str__


sys.exit(Bad())
