#: what: Uses memory that a callback has freed in the middle of an operation.
#: expect: exited 0
#: stdout: contained
import array


class Evil:
    def __init__(self, act):
        self.act = act

    def __index__(self):
        self.act()
        return 5

    def __eq__(self, other):
        self.act()
        return False

    def __float__(self):
        self.act()
        return 1.0

    __hash__ = object.__hash__


buffer, numbers, items = bytearray(1000), array.array("d", [0.0] * 1000), list(range(1000))
table = {}
attempts = (
    lambda: buffer.__setitem__(Evil(buffer.clear), 1),
    lambda: buffer.__setitem__(slice(0, 10), memoryview(buffer)[5:15]),
    lambda: buffer.__setitem__(0, Evil(buffer.clear)),
    lambda: buffer.insert(0, Evil(buffer.clear)),
    lambda: buffer.find(Evil(buffer.clear)),
    lambda: numbers.__setitem__(5, Evil(lambda: numbers.__delitem__(slice(None)))),
    lambda: numbers.index(Evil(lambda: numbers.__delitem__(slice(None)))),
    lambda: items.index(Evil(items.clear)),
    lambda: items.__contains__(Evil(items.clear)),
    lambda: [Evil(items.clear)].__eq__(items),
    lambda: items.__setitem__(slice(Evil(items.clear), Evil(items.clear)), [1]),
    lambda: table.update({Evil(table.clear): 1, Evil(table.clear): 2}),
    lambda: memoryview(buffer).__setitem__(0, Evil(lambda: buffer.extend(b"x" * 10_000))),
    lambda: (view := memoryview(buffer), view.__setitem__(Evil(view.release), 1)),
)
for attempt in attempts:
    buffer[:], items[:] = bytes(1000), range(1000)
    numbers[:] = array.array("d", [0.0] * 1000)
    try:
        attempt()
    except (IndexError, ValueError, TypeError, BufferError, RuntimeError):
        pass
print("contained")
