#: what: Leaves files in its directory that take the names of library modules the driver might import.
#: expect: exited 0
#: never: hijacked
import importlib

for name in ("os", "sys", "io", "atexit", "threading", "linecache", "traceback", "codecs", "_cloud_python", "sitecustomize", "usercustomize"):
    with open(f"{name}.py", "w") as file:
        file.write("print('hijacked')\n")
importlib.invalidate_caches()
import linecache, traceback, threading
