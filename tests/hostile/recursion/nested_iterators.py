#: what: Puts a hundred thousand iterators into each other and asks the outermost for an item.
#: expect: exited 0 or aborted
#: timeout: 20
#: memory: 256
import itertools

nested = iter([1])
for _ in range(300_000):
    nested = itertools.chain(nested, ())
next(nested)
