#: what: Walks the whole tree from its root and reads every file in it, looking for anything of the host.
#: expect: exited 0
#: stdout: contained
#: timeout: 20
import os

own = {"home", "tmp", "dev", "usr"}
assert set(os.listdir("/")) <= own, os.listdir("/")
known = ("/home/user/", "/usr/lib/python3.13/", "/usr/share/zoneinfo/", "/usr/bin/python3", "/dev/")
for folder, folders, files in os.walk("/", onerror=lambda error: 1 / 0):
    for name in files:
        path = os.path.join(folder, name)
        assert path.startswith(known), path
        if not path.startswith("/dev/"):
            with open(path, "rb") as file:
                content = file.read()
            assert b"/root/" not in content or path.endswith(".py"), path
assert set(os.listdir("/dev")) <= {"null", "zero", "random", "urandom", "stdin", "stdout", "stderr"}, os.listdir("/dev")
assert os.listdir("/home") == ["user"]
assert os.listdir("/tmp") == []
print("contained")
