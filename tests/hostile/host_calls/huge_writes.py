#: what: Writes more at once than a host call moves, and checks that not a byte is lost or doubled.
#: expect: exited 0
#: output: 2000000
#: stdout: 0123456789 the end
import os

data = b"0123456789 " * 100_000
rest = memoryview(data)
while rest:
    rest = rest[os.write(1, rest) :]
print("the end")
