# Classes: descriptors, metaclasses, super and the resolution order, operators, attributes, abstract classes, protocols
import abc
import functools
import typing

class Meta(type):
    def __new__(mcls, name, bases, namespace, **options):
        namespace["options"] = options
        return super().__new__(mcls, name, bases, namespace)

    def __prepare__(name, bases, **options):
        return {"prepared": True}

    def __call__(cls, *arguments):
        print("making", cls.__name__)
        return super().__call__(*arguments)

class Positive:
    def __set_name__(self, owner, name):
        self.name = "_" + name

    def __get__(self, instance, owner=None):
        return self if instance is None else getattr(instance, self.name)

    def __set__(self, instance, value):
        if value <= 0:
            raise ValueError(f"{self.name[1:]} must be positive, not {value}")
        setattr(instance, self.name, value)

class Base(metaclass=Meta, colour="red"):
    size = Positive()

    def __init__(self, size=1):
        self.size = size

    def __init_subclass__(cls, **options):
        print("subclass", cls.__name__, options)

    def who(self):
        return ["Base"]

class Left(Base):
    def who(self):
        return ["Left", *super().who()]

class Right(Base):
    def who(self):
        return ["Right", *super().who()]

class Both(Left, Right, extra=1):
    def who(self):
        return ["Both", *super().who()]

print([cls.__name__ for cls in Both.__mro__], Both().who(), Base.options, Both.prepared)
for wrong in (lambda: Base(-1), lambda: type("X", (Base, object, Both), {}), lambda: Both().nothing, lambda: Both.nothing, lambda: object().x, lambda: Both(1, 2), lambda: int.__new__(str), lambda: setattr(object(), "a", 1)):
    try:
        print(wrong())
    except (ValueError, TypeError, AttributeError) as error:
        print(type(error).__name__, error)

@functools.total_ordering
class Money:
    __slots__ = ("cents", "__weakref__")

    def __init__(self, cents): self.cents = cents
    def __add__(self, other): return Money(self.cents + other.cents) if isinstance(other, Money) else NotImplemented
    def __radd__(self, other): return self if other == 0 else NotImplemented
    def __eq__(self, other): return isinstance(other, Money) and self.cents == other.cents
    def __lt__(self, other): return self.cents < other.cents
    def __hash__(self): return hash(self.cents)
    def __bool__(self): return self.cents != 0
    def __format__(self, spec): return f"{self.cents / 100:{spec or '.2f'}}"
    def __getitem__(self, key): return key
    def __call__(self, *arguments, **named): return arguments, named
    def __contains__(self, item): return item == self.cents
    def __matmul__(self, other): return f"@{other}"
    def __getattr__(self, name): return f"no {name}"
    def __enter__(self): return self
    def __exit__(self, kind, value, trace): return kind is KeyError
    def __index__(self): return self.cents

money = Money(150)
with Money(5) as five:
    raise KeyError
print(f"{money} {sum([money, five]):.1f}", money >= five, bool(Money(0)), money[1:2, ...], money(1, a=2), 150 in money, money @ 3, money.anything, {Money(1), Money(1)} == {Money(1)}, hex(money), range(10)[five])
try:
    money + 5
except TypeError as error:
    print(error)

class Shape(abc.ABC):
    @property
    @abc.abstractmethod
    def area(self): ...

class Square(Shape):
    area = 4

class Sized(typing.Protocol):
    def __len__(self) -> int: ...

try:
    Shape()
except TypeError as error:
    print(error)
print(Square().area, issubclass(list, typing.runtime_checkable(Sized)), isinstance(5, typing.SupportsInt), callable(money))

class Cached:
    @functools.cached_property
    def value(self):
        print("computed once")
        return 5
    @staticmethod
    def static(): return "static"
    @classmethod
    def klass(cls): return cls.__name__
    @property
    def read_only(self): return 1
    def __del__(self): print("deleted")

cached = Cached()
print(cached.value + cached.value, cached.static(), cached.klass(), vars(cached))
try:
    cached.read_only = 2
except AttributeError as error:
    print(error)
del cached
print("end")
