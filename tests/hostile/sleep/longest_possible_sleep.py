#: what: Sleeps for the longest time that a clock can count.
#: expect: timed out
#: timeout: 0.5
import time

time.sleep(9_223_372_036)
