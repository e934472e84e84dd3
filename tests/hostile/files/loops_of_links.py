#: what: Makes symbolic links that lead to themselves, in a ring, and without an end.
#: expect: exited 0
#: stdout: contained
import errno
import os

os.symlink("self", "self")
os.symlink("b", "a"), os.symlink("a", "b")
os.symlink("grow/grow", "grow")
for number in range(100):
    os.symlink(f"chain{number + 1}", f"chain{number}")
open("chain100", "w").close()
os.mkdir("dir"), os.symlink("../dir", "dir/up")
for path in ("self", "a", "grow", "chain0", "self/x", "dir" + "/up" * 100):
    for use in (open, os.stat, os.listdir, lambda path: open(path, "w")):
        try:
            use(path)
        except OSError as error:
            assert error.errno in (errno.ELOOP, errno.ENAMETOOLONG), (path, error)
            continue
        raise SystemExit(path)
print("contained")
