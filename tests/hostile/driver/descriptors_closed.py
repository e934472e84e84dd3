#: what: Closes descriptors 0, 1 and 2 under the streams and lets files take their numbers.
#: expect: exited 0
#: never: secret
import os

for fd in (0, 1, 2):
    os.close(fd)
for name in ("in", "out", "err"):
    assert os.open(name, os.O_RDWR | os.O_CREAT) in (0, 1, 2)
print("secret")
os.write(2, b"secret")
