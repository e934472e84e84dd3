#: what: Removes the finders, loaders and hooks of the import system and replaces its bootstrap.
#: expect: exited 1
#: stderr: Error
import importlib
import sys

sys.meta_path.clear()
sys.path_hooks.clear()
sys.path.clear()
sys.path_importer_cache = None
bootstrap = importlib._bootstrap
for name in list(vars(bootstrap)):
    if not name.startswith("__"):
        setattr(bootstrap, name, None)
import wave
