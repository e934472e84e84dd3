#: what: Installs hooks for uncaught exceptions that raise themselves, and raises.
#: expect: exited 1
#: stderr: second
import sys


def hook(*_):
    raise RuntimeError("second")


sys.excepthook = sys.unraisablehook = hook
raise ValueError("first")
