#: what: Writes a single byte although none is allowed.
#: expect: output too large
#: output: 0
import os

os.write(1, b"x")
