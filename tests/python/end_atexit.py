#: exit: 1
# atexit: last in, first out, after the traceback of the script, and one that fails does not stop the others
import atexit
import sys

@atexit.register
def first():
    print("registered first, runs last")

class Fails:
    def __repr__(self):
        return "<a handler>"

    def __call__(self):
        raise ValueError("a handler that fails")

class Leaves(Fails):
    def __call__(self):
        sys.exit(3)

def register_late():
    print("registers another")
    atexit.register(print, "registered by a handler")

atexit.register(Fails())
atexit.register(print, "with", "arguments", sep="-")
atexit.register(register_late)
atexit.register(Leaves())
gone = atexit.register(lambda: print("never"))
atexit.unregister(gone)
print("end of the script")
1 / 0
