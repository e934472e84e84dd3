#: what: Leaves marks everywhere a later run could find them.
#: expect: exited 0
#: stdout: left
import builtins
import gc
import os
import random
import re
import sys
import types

builtins.canary = sys.canary = re.canary = "canary"
sys.modules["canary"] = types.ModuleType("canary")
os.environ["CANARY"] = "canary"
for path in ("/home/user/canary", "/tmp/canary", "/canary"):
    with open(path, "w") as file:
        file.write("canary")
with open("/home/user/sitecustomize.py", "w") as file:
    file.write("print('canary')")
random.seed(1)
sys.setrecursionlimit(77_777)
sys.path.insert(0, "/tmp/canary")
gc.disable()
os.chdir("/tmp")
os.umask(0o777) if hasattr(os, "umask") else None
kept = b"canary" * 1_000_000
print("left")
