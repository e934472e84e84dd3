#: what: Sleeps for thirty years.
#: expect: timed out
#: timeout: 0.5
import time

time.sleep(1e9)
