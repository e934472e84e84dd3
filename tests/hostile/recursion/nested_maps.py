#: what: Puts maps, filters and zips into each other and asks the outermost for an item.
#: expect: exited 1 or aborted
#: stderr: rror
nested = iter([1])
for _ in range(100_000):
    nested = filter(None, map(int, nested))
next(nested)
