#: what: Changes the standard library, the devices and the root, so that other runs would find them changed.
#: expect: exited 0
#: stdout: contained
import os
import shutil

library = "/usr/lib/python3.13/os.py"
attempts = (
    lambda: open(library, "a"),
    lambda: os.truncate(library, 0),
    lambda: os.remove(library),
    lambda: os.rename(library, "/tmp/os.py"),
    lambda: os.rename("/usr/lib", "/usr/lib2"),
    lambda: os.replace(__file__, library),
    lambda: os.link(__file__, "/usr/lib/python3.13/evil.py"),
    lambda: os.mkdir("/usr/lib/python3.13/evil"),
    lambda: os.symlink("/tmp", "/usr/lib/python3.13/evil"),
    lambda: os.chmod(library, 0o777) or open(library, "w"),
    lambda: shutil.rmtree("/usr"),
    lambda: os.remove("/dev/null"),
    lambda: os.rename("/dev/null", "/dev/zero"),
    lambda: open("/dev/evil", "w"),
    lambda: os.rmdir("/"),
    lambda: os.rename("/", "/tmp/root"),
    lambda: os.rmdir("/dev"),
)
for number, attempt in enumerate(attempts):
    try:
        attempt()
    except OSError:
        continue
    raise SystemExit(f"attempt {number} went through")
with open(library) as file:
    assert "def makedirs" in file.read()
print("contained")
