#: what: Sleeps again whatever wakes it up.
#: expect: timed out
#: timeout: 0.5
import time

while True:
    try:
        time.sleep(100)
    except BaseException:
        pass
