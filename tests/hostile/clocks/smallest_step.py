#: what: Measures the smallest step of every clock, which must be too coarse to time a cache.
#: expect: exited 0
#: stdout: contained
#: timeout: 10
import time

clocks = [time.time_ns, time.monotonic_ns, time.perf_counter_ns, time.process_time_ns]
for name in ("CLOCK_REALTIME", "CLOCK_MONOTONIC", "CLOCK_PROCESS_CPUTIME_ID", "CLOCK_THREAD_CPUTIME_ID"):
    if hasattr(time, name):
        clocks.append(lambda clock=getattr(time, name): time.clock_gettime_ns(clock))
if hasattr(time, "thread_time_ns"):
    clocks.append(time.thread_time_ns)
for clock in clocks:
    last, steps = clock(), []
    while len(steps) < 300:
        now = clock()
        if now != last:
            steps.append(now - last)
            assert now % 100_000 == 0, now
        last = now
    assert min(steps) >= 100_000, min(steps)
print("contained")
