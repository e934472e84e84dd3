#: what: Imports and adds modules while the modules are being dropped.
#: expect: exited 0
#: never: Traceback
import sys
import types


class Dying:
    def __init__(self, number):
        self.number = number

    def __del__(self):
        if self.number < 1000:
            module = types.ModuleType(f"more{self.number}")
            module.dying = Dying(self.number + 1)
            sys.modules[module.__name__] = module


sys.modules["more"] = module = types.ModuleType("more")
module.dying = Dying(0)
del module
