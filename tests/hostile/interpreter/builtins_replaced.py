#: what: Replaces the builtins that a driver would use: print, open, exec, compile, import, exceptions.
#: expect: exited 3
import builtins
import sys


def trap(*_, **__):
    raise RuntimeError("gotcha")


exit, assign = sys.exit, setattr
for name in dir(builtins):
    if not name.startswith("__"):
        assign(builtins, name, trap)
builtins.__import__ = builtins.__build_class__ = trap
exit(3)
