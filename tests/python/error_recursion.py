#: exit: 1
# The recursion limit is Python's own 1000, and the traceback shortens what repeats
import sys

depth = 0

def down():
    global depth
    depth += 1
    down()

try:
    down()
except RecursionError as error:
    print(error, depth)

sys.setrecursionlimit(200)
depth = 0
try:
    down()
except RecursionError as error:
    print(error, depth)
sys.setrecursionlimit(1000)

def even(n):
    return odd(n - 1)

def odd(n):
    return even(n - 1)

class Loop:
    def __repr__(self):
        return repr(self)

    def __getattr__(self, name):
        return getattr(self, name + "x")

for attempt in (lambda: even(10), lambda: repr(Loop()), lambda: Loop().a, lambda: isinstance(1, nested)):
    nested = ()
    for _ in range(100_000):
        nested = (nested,)
    try:
        print(attempt())
    except RecursionError as error:
        print("RecursionError", str(error).split(" in ")[0])
down()
