#: what: Matches a regular expression of polynomial cost whose exponent is large.
#: expect: timed out
#: timeout: 0.5
import re

re.search(r".*" * 12 + "x", "a" * 5000)
