#: what: Nests C loops (max over map over zip) without an end.
#: expect: timed out
#: timeout: 0.5
import itertools
import operator

max(map(operator.add, itertools.repeat(1), itertools.count()))
