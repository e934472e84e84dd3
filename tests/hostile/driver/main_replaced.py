#: what: Replaces and empties the module that it runs in, while it runs.
#: expect: exited 1
#: stderr: NameError
import sys
import types

sys.modules["__main__"] = types.ModuleType("__main__")
globals().clear()
undefined
