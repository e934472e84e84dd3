#: what: Uses up its fuel with calls into the host, which do their work outside of WebAssembly.
#: expect: timed out
#: timeout: 30
#: fuel: 20000000
import os

while True:
    os.urandom(32768)
