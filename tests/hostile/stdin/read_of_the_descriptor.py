#: what: Reads the descriptor itself, below Python's streams.
#: expect: timed out
#: timeout: 0.5
#: stdin: open
import os

os.read(0, 1)
