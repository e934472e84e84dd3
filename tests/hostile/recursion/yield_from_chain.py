#: what: Delegates from generator to generator, a hundred thousand times.
#: expect: exited 1 or aborted
#: stderr: rror
def delegate(below):
    yield from below


nested = iter([1])
for _ in range(100_000):
    nested = delegate(nested)
next(nested)
