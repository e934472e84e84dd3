#: what: Copies a list that is nested too deep, and one that holds itself.
#: expect: exited 1
#: stderr: RecursionError
import copy

ring = []
ring.append(ring)
assert copy.deepcopy(ring) is not ring
nested = []
for _ in range(100_000):
    nested = [nested]
copy.deepcopy(nested)
