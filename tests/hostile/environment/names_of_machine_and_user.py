#: what: Asks in every way for the names of the machine, the user and the system.
#: expect: exited 0
#: stdout: contained
import getpass
import os
import platform
import socket
import sys
import uuid

plain = {"", "localhost", "wasi", "wasm32", "WASI", "user", "(none)", "unknown", "cloud-python"}
assert platform.node() in plain, platform.node()
assert os.uname().nodename in plain and os.uname().sysname in ("wasi", "WASI"), os.uname()
assert platform.machine() in ("wasm32", ""), platform.machine()
assert "linux" not in platform.platform().lower(), platform.platform()
assert platform.processor() in plain
for ask in (getpass.getuser, lambda: os.getlogin(), lambda: socket.gethostname(), lambda: socket.getfqdn()):
    try:
        name = ask()
    except (OSError, ImportError, KeyError, AttributeError, NameError):
        continue
    assert name in plain, name
assert os.path.expanduser("~") in ("~", "/home/user"), os.path.expanduser("~")
for name in ("getuid", "geteuid", "getgroups", "getppid", "getpgid", "ctermid", "ttyname", "getloadavg", "sched_getaffinity", "statvfs"):
    assert not hasattr(os, name), name
assert os.getpid() in (1, 42), os.getpid()
assert os.cpu_count() in (None, 1), os.cpu_count()
assert sys.platform == "wasi"
assert uuid.getnode() >> 40 & 1, "the address of a real network card"
print("contained")
