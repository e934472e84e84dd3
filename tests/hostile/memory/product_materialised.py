#: what: Makes a list of a product of hundreds of millions of tuples.
#: expect: exited 1
#: stderr: MemoryError
import itertools

list(itertools.product(range(1000), repeat=3))
