#: what: Changes the class, the bases and the dictionary of live objects under the interpreter's feet.
#: expect: exited 0
#: stdout: contained
import sys
import types


class A:
    __slots__ = ("x",)


class B:
    __slots__ = ("x", "y")


class C:
    pass


for change in (
    lambda: setattr(A(), "__class__", B),
    lambda: setattr(A, "__bases__", (int,)),
    lambda: setattr(C, "__bases__", (C,)),
    lambda: setattr(1, "__class__", bool),
    lambda: setattr(sys, "__class__", C),
    lambda: setattr(C, "__mro__", ()),
    lambda: setattr(C(), "__dict__", 1),
    lambda: type.__setattr__(int, "x", 1),
    lambda: type.__call__(type, "X", (bool,), {}),
    lambda: object.__new__(types.CodeType),
    lambda: object.__new__(types.FrameType),
    lambda: types.FunctionType.__new__(types.FunctionType),
):
    try:
        change()
    except (TypeError, AttributeError):
        continue
    raise SystemExit("went through")
print("contained")
