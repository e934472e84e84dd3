#: what: Puts a stream in place of standard output that fails in every way.
#: expect: exited 120
#: stderr: gotcha
import sys


class Stream:
    @property
    def closed(self):
        raise RuntimeError("gotcha")

    def __getattr__(self, name):
        raise RuntimeError("gotcha")


sys.stdout = Stream()
