#: what: Has signals write to descriptors of its choice.
#: expect: exited 0
#: stdout: contained
import signal

for fd in (3, 100, 1023, 1024, 2**31 - 1, -2, -(2**31)):
    try:
        signal.set_wakeup_fd(fd)
    except (OSError, ValueError, OverflowError):
        continue
    raise SystemExit(f"took {fd}")
print("contained")
