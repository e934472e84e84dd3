# enum: members, aliases, flags, auto, methods, errors
import enum
from enum import Enum, Flag, IntEnum, IntFlag, StrEnum, auto, unique

class Colour(Enum):
    RED = 1
    GREEN = "green"
    CRIMSON = 1

    @classmethod
    def _missing_(cls, value):
        return cls.GREEN if value == "verde" else None

    def describe(self):
        return f"{self.name.lower()}={self.value}"

class Level(IntEnum):
    LOW = auto()
    HIGH = 10
    HIGHER = auto()

class Access(Flag):
    READ = auto()
    WRITE = auto()
    BOTH = READ | WRITE

class Mode(StrEnum):
    OPEN = auto()
    CLOSED = "shut"

class Planet(Enum):
    EARTH = (5.97e24, 6.37e6)

    def __init__(self, mass, radius):
        self.density = mass / radius

Bits = IntFlag("Bits", "ONE TWO FOUR")
print(list(Colour), Colour.CRIMSON is Colour.RED, Colour("verde"), Colour["RED"], Colour(1).describe(), Colour.__members__.keys(), Colour.RED in Colour, 1 in Colour, 2 in Colour)
print(Level.LOW < Level.HIGH, Level.HIGHER + 1, f"{Level.HIGH} {Level.HIGH!r} {Mode.OPEN} {Mode.OPEN!r} {Colour.RED}", Mode("shut").upper(), Planet.EARTH.density > 1, isinstance(Mode.OPEN, str))
print(Access.READ | Access.WRITE, Access.BOTH & ~Access.READ, list(Access.BOTH), Access(0), bool(Access(0)), Access.READ in Access.BOTH, Bits.ONE | 8, Bits(6), Bits.FOUR ^ 5, ~Access.READ)
for wrong in (lambda: Colour(9), lambda: Colour["BLUE"], lambda: setattr(Colour, "RED", 2), lambda: unique(Colour), lambda: Access(99), lambda: type("Sub", (Colour,), {}), lambda: Colour.BLUE, lambda: Colour.RED < Colour.GREEN):
    try:
        print(wrong())
    except (ValueError, KeyError, AttributeError, TypeError) as error:
        print(type(error).__name__, error)
