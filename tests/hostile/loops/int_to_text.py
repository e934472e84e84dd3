#: what: Lifts the limit on digits and turns a huge integer into text, which takes more than linear time.
#: expect: timed out
#: timeout: 0.5
#: memory: 1024
import sys

sys.set_int_max_str_digits(0)
str(1 << 200_000_000)
