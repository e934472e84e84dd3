#: what: Drains the host's randomness, in big and in tiny pieces.
#: expect: timed out
#: timeout: 0.5
import os

while True:
    os.urandom(10_000_000)
    for _ in range(10_000):
        os.urandom(1)
