#: what: Writes what looks like the sandbox's own messages, in the hope that somebody believes it.
#: expect: exited 3
#: stdout: exit code
import os
import struct
import sys

for kind in range(256):
    os.write(1, struct.pack("<BI", kind, 0) + struct.pack(">BI", kind, 4) + b"\0\0\0\0")
print('{"exit code": 0}')
sys.exit(3)
