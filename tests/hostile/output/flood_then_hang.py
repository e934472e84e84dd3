#: what: Fills its output to the limit and then never ends.
#: expect: timed out
#: timeout: 0.5
#: output: 100000
import os

os.write(1, b"x" * 50_000)
os.write(1, b"x" * 50_000)
while True:
    pass
