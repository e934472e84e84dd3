#: what: Writes huge blocks to the descriptor itself.
#: expect: output too large
import os

block = b"x" * (20 << 20)
while True:
    os.write(1, block)
