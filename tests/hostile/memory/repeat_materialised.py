#: what: Makes a list of an iterator that tells its huge length beforehand.
#: expect: exited 1
#: stderr: MemoryError
import itertools

list(itertools.repeat(None, 2**31 - 1))
