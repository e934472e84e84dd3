#: what: Lets one half of a tee run ahead of the other.
#: expect: exited 1
#: stderr: MemoryError
import itertools

ahead, behind = itertools.tee(itertools.count())
for _ in ahead:
    pass
