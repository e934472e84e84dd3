#: what: Installs a hook for uncaught exceptions that never returns.
#: expect: timed out
#: timeout: 0.5
import itertools
import sys

sys.excepthook = lambda *_: sum(itertools.repeat(1))
raise ValueError
