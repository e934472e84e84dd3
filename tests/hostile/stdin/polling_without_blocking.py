#: what: Polls standard input without blocking and without a pause.
#: expect: timed out
#: timeout: 0.5
#: stdin: open
import os

os.set_blocking(0, False)
while True:
    try:
        os.read(0, 65536)
    except BlockingIOError:
        continue
    raise SystemExit("there was something to read")
