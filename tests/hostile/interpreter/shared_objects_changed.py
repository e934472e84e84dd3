#: what: Changes objects that the interpreter shares: types, small constants, caches of the library.
#: expect: exited 0
import re
import string

for target, name in ((int, "__add__"), (str, "join"), (type, "mro"), (object, "__init__"), (list, "append"), (dict, "get"), (BaseException, "__str__")):
    try:
        setattr(target, name, None)
    except TypeError:
        continue
    raise SystemExit(f"changed {target}.{name}")
re._cache.clear(), re._cache2.clear()
string.Template.__init_subclass__ = None
vars(string)["ascii_letters"] = 5
(1, 2, 3).__class__.__hash__
