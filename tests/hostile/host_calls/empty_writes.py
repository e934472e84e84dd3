#: what: Calls into the host without an end, with nothing to say.
#: expect: timed out
#: timeout: 0.5
import os

while True:
    os.write(1, b"")
    os.read(0, 0)
