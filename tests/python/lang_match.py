# match: literals, captures, sequences, mappings, classes, guards, alternatives
from dataclasses import dataclass
from enum import Enum

@dataclass
class Point:
    x: int
    y: int

class Colour(Enum):
    RED = 1

def describe(value):
    match value:
        case None | True | False:
            return f"singleton {value}"
        case 0 | -1 | 1.5 | 2 + 3j:
            return "number"
        case Colour.RED:
            return "red"
        case "go" | b"go":
            return "go"
        case []:
            return "empty"
        case [only]:
            return f"one {only}"
        case [int(first), *middle, {"last": last}]:
            return f"first {first} middle {middle} last {last}"
        case (1, (2 | 3 as inner), _):
            return f"inner {inner}"
        case {"kind": "circle", "r": r, **rest} if r > 0:
            return f"circle {r} {rest}"
        case {"kind": kind}:
            return f"kind {kind}"
        case Point(0, y) | Point(x=y, y=0):
            return f"on an axis {y}"
        case Point(x, y) if x == y:
            return f"diagonal {x}"
        case Point():
            return "point"
        case str(text) if (length := len(text)) > 3:
            return f"text of {length}"
        case int() | float() as number:
            return f"other number {number}"
        case {}:
            return "mapping"
        case _:
            return f"something {type(value).__name__}"

for value in (None, True, 0, 1.5, 2 + 3j, Colour.RED, "go", b"go", [], (5,), [1, 2, 3, {"last": 4, "x": 0}], (1, 3, "x"), [1, 4, 5], {"kind": "circle", "r": 2, "c": "x"}, {"kind": "circle", "r": 0},
              Point(0, 5), Point(5, 0), Point(3, 3), Point(1, 2), "long text", "abc", 7, 7.5, {}, {"a": 1}, {1}, range(3), b"ab", iter([])):
    print(repr(value) if not hasattr(value, "__next__") else "iterator", "->", describe(value))
