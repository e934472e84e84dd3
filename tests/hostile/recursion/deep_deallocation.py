#: what: Drops structures very deep, which are taken apart one inside the other.
#: expect: exited 0
#: stdout: contained
class Node:
    def __init__(self, below):
        self.below = below


def generator(below):
    yield below


def build(wrap):
    value = None
    for _ in range(50_000):
        value = wrap(value)
    return value


def started(below):
    wrapped = generator(below)
    next(wrapped)
    return wrapped


def closure(below):
    return lambda: below


wraps = (
    lambda below: (below,),
    lambda below: [below],
    lambda below: {1: below},
    lambda below: iter([below]),
    lambda below: slice(below),
    Node,
    started,
    closure,
)
for wrap in wraps:
    build(wrap)
print("contained")
