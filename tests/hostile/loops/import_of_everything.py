#: what: Imports and forgets a large part of the standard library for ever.
#: expect: timed out
#: timeout: 0.5
import importlib
import sys

while True:
    for name in ("turtledemo", "http.client", "tomllib", "email.mime.text", "unittest.mock", "ctypes", "asyncio.events"):
        sys.modules.pop(name, None)
        try:
            importlib.import_module(name)
        except ImportError:
            pass
