#: what: Loads frozen modules under wrong names and from garbage, below the import system.
#: expect: exited 0 or aborted
import _imp

for name in ("os", "__main__", "nothing", "", "os\0", "\ud800", "_cloud_python", "_cloud_warmup"):
    for call in (_imp.init_frozen, _imp.get_frozen_object, _imp.is_frozen, _imp.find_frozen, _imp.is_builtin):
        try:
            call(name)
        except (ImportError, ValueError):
            pass
for data in (b"", b"\xe3" + bytes(100), b"c" * 1000, b"garbage"):
    try:
        _imp.get_frozen_object("os", data)
    except (ImportError, ValueError, EOFError, TypeError):
        pass
