#: what: Writes one byte more than is allowed.
#: expect: output too large
#: output: 100000
import os

for _ in range(100):
    os.write(2, b"e" * 1000)
os.write(1, b"o")
