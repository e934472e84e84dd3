#: what: Looks at the command line for more than the script's own name.
#: expect: exited 0
#: stdout: contained
import sys

assert len(sys.argv) == 1 and "/" not in sys.argv[0], sys.argv
assert sys.orig_argv == ["python3", *sys.argv], sys.orig_argv
assert sys.executable == "/usr/bin/python3" and sys.path[0] == "/home/user", (sys.executable, sys.path)
assert all(path.startswith(("/usr/", "/home/user")) for path in sys.path), sys.path
assert not sys.flags.debug and not sys.flags.dev_mode and sys.flags.utf8_mode == 1, sys.flags
print("contained")
