#: what: Tries every descriptor number, in the hope that one of the host's was left open.
#: expect: exited 0
#: stdout: contained
import os

numbers = [*range(3, 2000), 2**16, 2**20, 2**31 - 1, -1, -2, -3, -100, -(2**31)]
for fd in numbers:
    for use in (os.fstat, lambda fd: os.read(fd, 1), lambda fd: os.write(fd, b"x"), os.close, os.listdir, lambda fd: os.pread(fd, 1, 0)):
        try:
            use(fd)
        except (OSError, TypeError):
            continue
        raise SystemExit(f"descriptor {fd} is there")
assert os.fstat(0).st_ino <= 3
print("contained")
