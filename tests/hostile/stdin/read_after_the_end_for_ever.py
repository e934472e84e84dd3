#: what: Reads an input that has ended, as often as it can.
#: expect: timed out
#: timeout: 0.5
import sys

while True:
    assert sys.stdin.buffer.raw.read(1 << 20) == b""
