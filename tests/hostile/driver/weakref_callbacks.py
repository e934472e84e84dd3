#: what: Has the death of weakly referenced objects call back into what is being taken apart.
#: expect: exited 0
#: timeout: 20
import gc
import sys
import weakref


class Thing:
    pass


things = [Thing() for _ in range(1000)]
things.append(things)
callbacks = [weakref.ref(thing, lambda _: (things.clear(), gc.collect(), sys.modules.clear())) for thing in things[:-1]]
finalizers = [weakref.finalize(thing, gc.collect) for thing in things[:-1]]
