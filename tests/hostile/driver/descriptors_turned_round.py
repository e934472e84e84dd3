#: what: Writes to standard input and reads from standard output, through descriptors and devices.
#: expect: exited 0
#: stdout: contained
import os

for attempt in (
    lambda: os.read(1, 10),
    lambda: os.read(2, 10),
    lambda: os.write(0, b"x"),
    lambda: open("/dev/stdin", "w").write("x"),
    lambda: open("/dev/stdout", "r").read(1),
    lambda: os.dup2(1, 0),
    lambda: os.dup(1),
):
    try:
        attempt()
    except (OSError, AttributeError, ValueError):
        continue
print("contained")
