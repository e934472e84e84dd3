# pickle and copy: classes of the script itself, every protocol, recursive data, hooks, errors
import copy
import io
import pickle
import pickletools
from collections import Counter, OrderedDict, deque
from dataclasses import dataclass
from datetime import datetime, UTC
from decimal import Decimal
from enum import Enum

class Colour(Enum):
    RED = 1

@dataclass
class Point:
    x: int
    y: object = None

class Stateful:
    def __init__(self):
        self.secret, self.kept = "x", [1]
    def __getstate__(self):
        return {"kept": self.kept}
    def __setstate__(self, state):
        self.__dict__.update(state, restored=True)

class Reduced:
    def __reduce__(self):
        return (Point, (7, "reduced"))

def function():
    return "called"

values = [None, True, 2**100, -5, 1.5, 1j, "é 🐍 \udc80", b"\x00\xff", bytearray(b"x"), [1, [2]], (1,), {"a": {1, 2}}, frozenset([1]), Colour.RED, Point(1, Point(2)), OrderedDict(a=1), Counter("aab"), deque([1], 5), Decimal("1.5"), datetime(2024, 1, 1, tzinfo=UTC), range(3), slice(1, 2), function, Point, len, Ellipsis, int]
for protocol in range(pickle.HIGHEST_PROTOCOL + 1):
    restored = pickle.loads(pickle.dumps(values, protocol))
    print(protocol, restored == values, restored[13] is Colour.RED, restored[-5]())
loop = [1]
loop.append(loop)
again = pickle.loads(pickle.dumps(loop))
print(again[1] is again, vars(pickle.loads(pickle.dumps(Stateful()))), pickle.loads(pickle.dumps(Reduced())), copy.copy(Stateful()).__dict__, copy.deepcopy(loop)[1][0])
shared = [[]]
both = copy.deepcopy([shared, shared])
print(both[0] is both[1], both[0] is not shared, copy.copy(shared)[0] is shared[0], copy.replace(Point(1), y=2))
pickletools.dis(pickle.dumps(Point(1, "x"), 2))
for wrong in (lambda: pickle.dumps((x for x in [])), lambda: pickle.loads(b""), lambda: pickle.loads(b"nonsense"), lambda: pickle.loads(pickle.dumps([1, 2])[:-3]), lambda: pickle.dumps(open("x", "w")), lambda: copy.deepcopy(io.StringIO) is io.StringIO, lambda: pickle.loads(b"cno_such_module\nname\n.")):
    try:
        print(wrong())
    except (pickle.PickleError, EOFError, TypeError, AttributeError, ImportError) as error:
        print(type(error).__name__, error)
class Restricted(pickle.Unpickler):
    def find_class(self, module, name):
        raise pickle.UnpicklingError(f"{module}.{name} is not allowed")
    def persistent_load(self, identifier):
        return f"persistent {identifier}"
try:
    Restricted(io.BytesIO(pickle.dumps(Point(1)))).load()
except pickle.UnpicklingError as error:
    print(error)
