# dataclasses: defaults, order, frozen, slots, inheritance, replace, errors
import dataclasses
from dataclasses import KW_ONLY, InitVar, dataclass, field
from typing import ClassVar

@dataclass(order=True)
class Point:
    x: int
    y: int = 0
    tags: list[str] = field(default_factory=list, compare=False, repr=False)
    count: ClassVar[int] = 7

@dataclass(frozen=True, slots=True)
class Frozen:
    name: str
    _: KW_ONLY
    size: float = 1.5
    scale: InitVar[int] = 2
    area: float = field(init=False)

    def __post_init__(self, scale):
        object.__setattr__(self, "area", self.size * scale)

@dataclass
class Child(Point):
    z: int = 3

print(Point(1), Point(1, 2) < Point(2), Point(1, 2, ["a"]) == Point(1, 2), Child(1, z=5), Child(1) == Point(1), sorted([Point(2), Point(1, 5)]))
frozen = Frozen("é", size=2, scale=5)
print(frozen, hash(frozen) == hash(Frozen("é", size=2, scale=5)), dataclasses.replace(Point(1, 2), y=9), dataclasses.asdict(Child(1, tags=["t"])), dataclasses.astuple(Point(1)))
print([f.name for f in dataclasses.fields(Child)], dataclasses.is_dataclass(Point), Point.__match_args__, Point.__doc__, dataclasses.make_dataclass("Made", ["a", ("b", int, 5)])(1))
for wrong in (lambda: setattr(frozen, "name", "x"), lambda: Point(), lambda: Point(1, 2, 3, 4), lambda: Frozen("a", 2), lambda: dataclass(type("Bad", (), {"__annotations__": {"a": list}, "a": []})), lambda: Point(1) < 5, lambda: hash(Point(1))):
    try:
        print(wrong())
    except (TypeError, AttributeError, ValueError) as error:
        print(type(error).__name__, error)
