#: what: Writes to the read-only library through links, hard links and its open directory.
#: expect: exited 0
#: stdout: contained
import os

library = "/usr/lib/python3.13/os.py"
os.symlink(library, "soft")
attempts = [lambda: open("soft", "r+"), lambda: os.truncate("soft", 0), lambda: open("/usr/lib/../lib/python3.13/./os.py", "r+")]
try:
    os.link(library, "hard")
    attempts += [lambda: open("hard", "r+"), lambda: os.truncate("hard", 0)]
except OSError:
    pass
directory = os.open("/usr/lib/python3.13", os.O_RDONLY)
attempts += [lambda: os.open("os.py", os.O_RDWR, dir_fd=directory), lambda: os.unlink("os.py", dir_fd=directory)]
for number, attempt in enumerate(attempts):
    try:
        attempt()
    except OSError:
        continue
    raise SystemExit(f"attempt {number} went through")
print("contained")
