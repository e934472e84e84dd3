#: what: Thaws the objects of the snapshot, collects them and looks for who holds what.
#: expect: exited 0
#: stdout: contained
#: timeout: 10
import gc
import sys

gc.unfreeze()
gc.collect()
gc.set_threshold(1)
gc.set_debug(gc.DEBUG_SAVEALL)
for thing in (sys, gc, None, int, sys.stdout, (), ""):
    gc.get_referrers(thing)
    gc.get_referents(thing)
    sys.getrefcount(thing)
gc.set_debug(0)
gc.set_threshold(0)
gc.freeze()
print("contained")
