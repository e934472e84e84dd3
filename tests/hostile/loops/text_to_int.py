#: what: Lifts the limit on digits and reads a huge integer from text.
#: expect: timed out
#: timeout: 0.5
import sys

sys.set_int_max_str_digits(0)
int("7" * 4_000_000)
