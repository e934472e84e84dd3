#: what: Gathers gibibytes out of one small buffer in a single call.
#: expect: output too large
import os

block = b"x" * (1 << 20)
try:
    os.writev(1, [block] * 1000)
except (OSError, AttributeError):
    pass
print("contained")
