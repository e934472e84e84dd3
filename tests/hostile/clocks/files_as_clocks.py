#: what: Uses the times of files as a finer clock.
#: expect: exited 0
#: stdout: contained
import os

stamps = set()
for number in range(2000):
    with open("clock", "w") as file:
        file.write(str(number))
    stat = os.stat("clock")
    stamps |= {stat.st_mtime_ns, stat.st_ctime_ns, stat.st_atime_ns}
assert all(stamp % 100_000 == 0 for stamp in stamps), stamps
print("contained")
