#: what: Divides a flood between both streams, each of which stays below the limit.
#: expect: output too large
#: output: 100000
import os

for _ in range(60):
    os.write(1, b"o" * 1000)
    os.write(2, b"e" * 1000)
