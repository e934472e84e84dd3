#: what: Writes a file until the disk, which is memory, is full, and goes on after that.
#: expect: exited 0
#: stdout: contained
#: timeout: 10
#: memory: 64
import errno

full = 0
with open("big", "wb", buffering=0) as file:
    while full < 1000:
        try:
            file.write(b"x" * 1_000_003)
        except OSError as error:
            assert error.errno == errno.ENOSPC, error
            full += 1
print("contained")
