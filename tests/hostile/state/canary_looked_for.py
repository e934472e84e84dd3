#: what: Looks for the marks that another run, maybe of somebody else, has left.
#: expect: exited 0
#: stdout: contained
import builtins
import gc
import os
import re
import sys

for module in (builtins, sys, re):
    assert not hasattr(module, "canary"), module
assert "canary" not in sys.modules and "CANARY" not in os.environ
for path in ("/home/user/canary", "/tmp/canary", "/canary", "/home/user/sitecustomize.py"):
    assert not os.path.lexists(path), path
assert os.listdir("/home/user") == [os.path.basename(__file__)], os.listdir("/home/user")
assert os.getcwd() == "/home/user" and gc.isenabled()
assert sys.getrecursionlimit() == 1000, sys.getrecursionlimit()
assert "/tmp/canary" not in sys.path
print("contained")
