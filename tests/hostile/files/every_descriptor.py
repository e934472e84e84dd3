#: what: Opens files until there are no more descriptors, and goes on using what it has.
#: expect: exited 0
#: stdout: contained
import errno
import os

kept = []
try:
    while True:
        kept.append(os.open("same", os.O_RDWR | os.O_CREAT))
except OSError as error:
    assert error.errno == errno.EMFILE, error
assert len(kept) > 200
os.close(kept.pop())
with open("same", "w") as file:
    file.write("still works")
try:
    import wave
    1 / 0
except ZeroDivisionError:
    pass
print("contained")
