#: what: Writes to standard input, seeks in it, truncates it and maps its position.
#: expect: exited 0
#: stdout: contained
import os

attempts = (
    lambda: os.write(0, b"x"),
    lambda: os.lseek(0, 0, os.SEEK_SET),
    lambda: os.ftruncate(0, 0),
    lambda: os.pread(0, 1, 0),
    lambda: os.pwrite(0, b"x", 0),
    lambda: os.posix_fallocate(0, 0, 1),
    lambda: os.listdir(0),
    lambda: os.fchdir(0),
)
for attempt in attempts:
    try:
        attempt()
    except (OSError, AttributeError, TypeError):
        continue
    raise SystemExit("went through")
print("contained")
