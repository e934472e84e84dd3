#: what: Asks for a factorial that takes hours, in one C call.
#: expect: timed out
#: timeout: 0.5
import math

math.factorial(100_000_000)
