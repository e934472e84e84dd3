#: what: Multiplies itself for ever, if it can be done at all.
#: expect: exited 1
#: stderr: AttributeError
import os

while True:
    os.fork()
