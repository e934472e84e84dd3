#: what: Loads native code.
#: expect: exited 0
#: stdout: contained
import importlib.machinery
import importlib.util
import sys

for name in ("ctypes", "_ctypes", "cffi", "mmap", "_posixshmem", "xxlimited", "_testcapi", "nt", "winreg"):
    try:
        __import__(name)
    except ImportError:
        continue
    raise SystemExit(name)
with open("evil.so", "wb") as file:
    file.write(b"\x7fELF\x02\x01\x01" + bytes(1000))
for suffix in (".so", ".cpython-313-x86_64-linux-gnu.so", ".abi3.so", ".wasm"):
    with open("evil" + suffix, "wb") as file:
        file.write(b"\0asm\x01\0\0\0")
try:
    import evil
except ImportError:
    pass
else:
    raise SystemExit("loaded")
assert not hasattr(sys, "dlopenflags") and not hasattr(sys, "setdlopenflags")
import _imp

assert not hasattr(_imp, "create_dynamic")
print("contained")
