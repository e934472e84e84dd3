#: what: Builds a tower of classes and asks it for an attribute, an instance and its order.
#: expect: exited 0
class Base:
    pass


top = Base
for _ in range(500):
    top = type("C", (top,), {})
assert isinstance(top(), Base) and not hasattr(top, "nothing")
Base.changed = 1
