# cProfile, pstats, trace of calls, sys.setprofile, tracemalloc, faulthandler
import cProfile
import faulthandler
import io
import pstats
import sys
import tracemalloc

def fibonacci(n):
    return n if n < 2 else fibonacci(n - 1) + fibonacci(n - 2)

profile = cProfile.Profile()
result = profile.runcall(fibonacci, 12)
text = io.StringIO()
pstats.Stats(profile, stream=text).sort_stats("ncalls").print_stats("fibonacci")
print(result, [line.split()[0] for line in text.getvalue().splitlines() if "(fibonacci)" in line], "function calls" in text.getvalue())
events = []
sys.setprofile(lambda frame, event, argument: events.append((event, frame.f_code.co_name)))
fibonacci(2)
len("x")
sys.setprofile(None)
print(events[:8])
tracemalloc.start()
data = [bytes(1000) for _ in range(100)]
current, peak = tracemalloc.get_traced_memory()
print(current > 100_000, peak >= current, tracemalloc.take_snapshot().statistics("lineno")[0].count >= 100)
tracemalloc.stop()
print(faulthandler.is_enabled())
sys.monitoring.use_tool_id(5, "own")
sys.monitoring.register_callback(5, sys.monitoring.events.PY_START, lambda code, offset: print("start", code.co_name))
sys.monitoring.set_events(5, sys.monitoring.events.PY_START)
fibonacci(1)
sys.monitoring.set_events(5, 0)
