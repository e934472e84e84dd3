#: what: Writes single bytes, each of which is a call into the host and a frame to the server.
#: expect: output too large
#: output: 5000
#: timeout: 10
import os

while True:
    os.write(1, b"x")
