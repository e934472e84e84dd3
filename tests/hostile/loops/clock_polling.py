#: what: Waits by reading the clock: a flood of cheap calls into the host.
#: expect: timed out
#: timeout: 0.5
import time

end = time.monotonic() + 1e6
while time.monotonic() < end:
    pass
