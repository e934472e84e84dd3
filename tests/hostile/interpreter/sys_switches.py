#: what: Turns every switch that sys offers to its ends.
#: expect: exited 0
#: stdout: contained
import sys

attempts = (
    lambda: sys.setswitchinterval(1e-300),
    lambda: sys.setswitchinterval(1e300),
    lambda: sys.setrecursionlimit(0),
    lambda: sys.setrecursionlimit(1),
    lambda: sys.setrecursionlimit(2**31),
    lambda: sys.set_int_max_str_digits(-1),
    lambda: sys.set_coroutine_origin_tracking_depth(2**31 - 1),
    lambda: sys.activate_stack_trampoline("perf"),
    lambda: sys._setprofileallthreads(None),
    lambda: sys._clear_internal_caches(),
    lambda: sys._clear_type_cache(),
    lambda: sys.call_tracing(print, 5),
    lambda: sys.set_asyncgen_hooks(1, 2),
    lambda: sys.breakpointhook(),
    lambda: sys._getframe(2**31 - 1),
    lambda: sys.intern(5),
    lambda: sys.setdlopenflags(1),
    lambda: sys.remote_exec(1, "x"),
)
for attempt in attempts:
    try:
        attempt()
    except (TypeError, ValueError, OverflowError, RecursionError, AttributeError, RuntimeError, EOFError, Exception):
        pass
print("contained")
