#: what: Looks in an endless iterator for something that is not there.
#: expect: timed out
#: timeout: 0.5
import itertools

"never" in itertools.cycle("abc")
