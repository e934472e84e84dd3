#: what: Puts numbers, itself and objects that lie into sys.modules.
#: expect: exited 0 or exited 1 or aborted
import sys


class Liar:
    def __hash__(self):
        return hash("os")

    def __eq__(self, other):
        return True

    def __getattr__(self, name):
        return self

    def __call__(self, *_, **__):
        return self


sys.modules[Liar()] = Liar()
sys.modules[1] = 1
sys.modules[object()] = sys.modules
sys.modules["os"] = 5
sys.modules["__main__"] = Liar()
sys.modules["threading"] = sys.modules["atexit"] = Liar()
