#: what: Matches a regular expression that backtracks exponentially.
#: expect: timed out
#: timeout: 0.5
import re

re.match(r"(a+)+$", "a" * 64 + "!")
