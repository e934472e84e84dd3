#: what: Learns from the monotonic clock how long the machine has been running.
#: expect: exited 0
#: stdout: contained
import time

assert time.monotonic() < 60 and time.perf_counter() < 60, time.monotonic()
for set_clock in ("clock_settime", "clock_settime_ns"):
    if hasattr(time, set_clock):
        try:
            getattr(time, set_clock)(time.CLOCK_REALTIME, 0)
        except OSError:
            continue
        raise SystemExit("set the clock")
print("contained")
