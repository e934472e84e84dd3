#: what: Looks for the sandbox's own Python module and breaks it.
#: expect: exited 0
#: stdout: contained
import sys

try:
    import _cloud_python
except ImportError:
    pass
else:
    for name, value in list(vars(_cloud_python).items()):
        if not name.startswith("__"):
            setattr(_cloud_python, name, lambda *_: sys.exit(99))
        if hasattr(value, "__code__"):
            value.__code__ = (lambda *_: 1 / 0).__code__
print("contained")
