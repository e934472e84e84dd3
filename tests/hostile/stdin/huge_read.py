#: what: Asks for more input at once than there is memory.
#: expect: exited 0
#: stdout: contained
import os
import sys

for read in (lambda: os.read(0, 2**31 - 1), lambda: os.read(0, 2**31), lambda: sys.stdin.buffer.raw.read(2**31 - 1), lambda: os.read(0, -1)):
    try:
        assert read() == b""
    except (MemoryError, OverflowError, OSError):
        pass
print("contained")
