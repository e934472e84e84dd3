#: what: Registers codecs and error handlers that raise, for the encodings that the driver uses.
#: expect: exited 1
import codecs
import sys


def evil(*_):
    raise RuntimeError("evil")


codecs.register(evil)
for name in ("strict", "surrogateescape", "backslashreplace", "replace"):
    codecs.register_error(name, evil)
sys.stdout.reconfigure(encoding="ascii", errors="surrogateescape")
print("\udc80\u20ac")
