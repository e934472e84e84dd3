#: what: Stays inside the tightest C loop there is: a deque that throws away an endless iterator.
#: expect: timed out
#: timeout: 0.5
import collections
import itertools

collections.deque(itertools.repeat(None), maxlen=0)
