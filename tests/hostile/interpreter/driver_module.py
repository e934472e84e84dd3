#: what: Looks for the sandbox's own Python module and breaks it.
#: expect: exited 0
#: stdout: contained
import sys

try:
    import _cloud_python
except ImportError:
    pass
else:
    for name in list(vars(_cloud_python)):
        if not name.startswith("__"):
            setattr(_cloud_python, name, lambda *_: sys.exit(99))
    _cloud_python.begin.__code__ = (lambda *_: 1 / 0).__code__
print("contained")
