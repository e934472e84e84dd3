#: what: Seeks, truncates, reads and writes with negative and huge numbers.
#: expect: exited 0
#: stdout: contained
import os

fd = os.open("file", os.O_RDWR | os.O_CREAT)
os.write(fd, b"content")
numbers = (-1, -(2**31), -(2**63), 2**31, 2**32, 2**33 + 7, 2**63 - 1, 2**63, 2**64)
for number in numbers:
    for use in (
        lambda: os.lseek(fd, number, os.SEEK_SET),
        lambda: os.lseek(fd, number, os.SEEK_CUR),
        lambda: os.lseek(fd, number, os.SEEK_END),
        lambda: os.lseek(fd, 0, number),
        lambda: os.pread(fd, 1, number),
        lambda: os.pread(fd, number, 0),
        lambda: os.read(fd, number),
        lambda: os.pwrite(fd, b"", number),
        lambda: os.utime("file", ns=(number, number)),
        lambda: os.chmod("file", number),
        lambda: os.mkdir("d", number),
        lambda: os.open("file", number),
    ):
        try:
            use()
        except (OSError, OverflowError, ValueError, MemoryError):
            pass
assert os.pread(fd, 7, 0) == b"content"
print("contained")
