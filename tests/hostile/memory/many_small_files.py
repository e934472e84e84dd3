#: what: Fills memory with small files, which live in it too.
#: expect: exited 0
#: stdout: contained
#: timeout: 10
#: memory: 64
import errno
import itertools

try:
    for number in itertools.count():
        with open(f"file{number}", "wb") as file:
            file.write(b"x" * 4000)
except OSError as error:
    assert error.errno == errno.ENOSPC, error
print("contained")
