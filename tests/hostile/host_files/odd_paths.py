#: what: Opens paths with NUL bytes, endless length, bad UTF-8, and from another system.
#: expect: exited 0
#: stdout: contained
import os

paths = (
    "a\0b",
    "x" * 256,
    "x/" * 3000,
    "x" * 5_000_000,
    b"\xff\xfe/\x80",
    "C:\\Windows\\win.ini",
    "\\\\server\\share",
    "file:///etc/passwd",
    "/dev/fd/0/../../../etc/passwd",
    "",
    " ",
    "..\\..\\etc\\passwd",
    "\ud800",
)
for path in paths:
    for use in (os.stat, os.listdir, os.chdir, lambda path: os.open(path, os.O_RDONLY), os.readlink):
        try:
            use(path)
        except (OSError, ValueError):
            continue
        raise SystemExit(path[:100])
print("contained")
