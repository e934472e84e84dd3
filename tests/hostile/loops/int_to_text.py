#: what: Lifts the limit on digits and turns a huge integer into text, which takes more than linear time.
#: expect: timed out
#: timeout: 0.5
import sys

sys.set_int_max_str_digits(0)
str(1 << 60_000_000)
