# typing: generics, aliases, hints at run time, TypedDict, NamedTuple, type parameters, overload
import typing
from collections.abc import Callable, Iterable
from typing import Annotated, Any, Generic, Literal, NamedTuple, NotRequired, Optional, TypedDict, TypeVar, Union, get_args, get_origin, get_type_hints

T = TypeVar("T")

class Stack(Generic[T]):
    def __init__(self) -> None:
        self.items: list[T] = []

class Movie(TypedDict):
    name: str
    year: NotRequired[int]

class Pair(NamedTuple):
    first: int
    second: str = "x"

class Box[V: (int, str), *Rest, **P]:
    def get[U](self, other: U) -> tuple[V, U]:
        return other

type Tree[V] = dict[str, Tree[V]] | V

def function(a: int, b: "Optional[str]" = None, *rest: Union[int, str], **more: Literal["x", 1]) -> Callable[[int], Iterable[Any]]:
    pass

print(get_type_hints(function), function.__annotations__["b"])
print(Stack[int], Stack[int]().__orig_class__, get_origin(dict[str, int]), get_args(dict[str, list[int]]), int | str | None, Optional[int], Union[int, int], list[int] == list[int], Annotated[int, "meta"].__metadata__)
print(Movie(name="é"), Movie.__required_keys__, Movie.__optional_keys__, Pair(1)._asdict(), Pair._field_defaults, Pair(1)[1], Pair(1)._replace(first=5))
print(Box.__type_params__, Tree.__value__, Tree[int], Tree.__name__, Box.get.__type_params__, typing.cast(int, "not checked"), isinstance(5, int | str), typing.get_type_hints(Stack.__init__))
for wrong in (lambda: Stack[int, str], lambda: isinstance([], list[int]), lambda: Optional[5], lambda: int | 5, lambda: typing.assert_never(5), lambda: Pair(), lambda: Any()):
    try:
        print(wrong())
    except (TypeError, AssertionError) as error:
        print(type(error).__name__, error)
