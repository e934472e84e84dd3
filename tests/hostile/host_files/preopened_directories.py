#: what: Uses descriptors as directories to start from, where WASI would have its preopened ones.
#: expect: exited 0
#: stdout: contained
import os

for fd in (0, 1, 2, 3, 4, 5, -2, -100, 1023, 1024, 2**31 - 1):
    for path in ("etc/passwd", "../etc/passwd", "/etc/passwd", "", "."):
        for use in (lambda: os.open(path, os.O_RDONLY, dir_fd=fd), lambda: os.stat(path, dir_fd=fd), lambda: os.symlink("x", path, dir_fd=fd)):
            try:
                use()
            except (OSError, NotImplementedError):
                continue
            assert path == "." and fd in (-2, -100), (fd, path)
print("contained")
