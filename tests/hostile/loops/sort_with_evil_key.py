#: what: Never comes back from the key function of a sort.
#: expect: timed out
#: timeout: 0.5
import itertools


def key(_):
    for _ in itertools.count():
        pass


[3, 1, 2].sort(key=key)
