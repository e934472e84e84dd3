#: exit: 1
# A sys.excepthook that fails itself
import sys

def hook(kind, value, trace):
    raise TypeError("the hook is broken")

sys.excepthook = hook
raise ValueError("the first one")
