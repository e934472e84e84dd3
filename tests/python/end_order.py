# What happens at the end, in order: atexit, finalizers of objects, of generators, of cycles; output is flushed
import atexit
import sys
import weakref

class Noisy:
    def __init__(self, name):
        self.name = name

    def __del__(self):
        print("finalizer of", self.name, file=sys.stderr)

def generator():
    try:
        yield 1
    finally:
        print("finally of a generator", file=sys.stderr)

atexit.register(print, "atexit", file=sys.stderr)
weakref.finalize(Noisy, print, "weakref.finalize of a class that lives to the end", file=sys.stderr)
held = Noisy("a global")
started = generator()
next(started)
cycle = Noisy("a cycle")
cycle.itself = cycle
del cycle
Noisy("nobody")
print("end of the script", file=sys.stderr)
print("not flushed by the script", end="")
