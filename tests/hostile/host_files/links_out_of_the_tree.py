#: what: Makes symbolic and hard links to the host's files, directly and through many steps, and opens them.
#: expect: exited 0
#: stdout: contained
import os

targets = ("/etc/passwd", "../../../../../../../etc/passwd", "/proc/self/root/etc/passwd", "/", "..", "/../..", "/dev/../..", "/proc/1/root")
for number, target in enumerate(targets):
    os.symlink(target, f"link{number}")
    os.symlink(f"link{number}", f"second{number}")
    os.symlink(f"/home/user/second{number}", f"third{number}")
    for name in (f"link{number}", f"second{number}", f"third{number}"):
        for below in ("", "/etc/passwd", "/../etc/passwd", "/../../../etc/passwd"):
            assert not os.path.isfile(name + below), (target, below)
    try:
        os.link(target, f"hard{number}")
    except OSError:
        continue
    raise SystemExit(f"linked {target}")
assert os.path.realpath("../../../..") == "/"
os.chdir("link3")
assert os.getcwd() == "/" and set(os.listdir("..")) == set(os.listdir("/"))
print("contained")
