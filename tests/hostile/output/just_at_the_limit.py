#: what: Writes exactly as much as is allowed, on both streams together.
#: expect: exited 0
#: output: 100000
#: stdout: the last line
import os
import sys

sys.stderr.write("e" * 40_000)
os.write(1, b"o" * 59_986)
print("the last line")
