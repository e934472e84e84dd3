#: what: Walks an iterator that has no end.
#: expect: timed out
#: timeout: 0.5
import itertools

for _ in itertools.count():
    pass
