#: what: Stays inside one call of a C function, where the interpreter checks nothing.
#: expect: timed out
#: timeout: 0.5
import itertools

sum(itertools.repeat(1))
