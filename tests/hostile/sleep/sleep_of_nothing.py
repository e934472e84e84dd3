#: what: Calls into the host's wait as often as it can.
#: expect: timed out
#: timeout: 0.5
import time

while True:
    time.sleep(0)
