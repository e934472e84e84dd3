#: exit: 1
# Modules that the script writes and imports: packages, reload, circular imports, namespaces, data, errors inside
import importlib
import importlib.resources
import os
import pkgutil
import runpy
import sys
import types
import zipfile

def write(path, text):
    os.makedirs(os.path.dirname(path) or ".", exist_ok=True)
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)

write("shop/__init__.py", '"""A package."""\nfrom .counter import sell\nprint("importing", __name__, __package__, __spec__.name)\n')
write("shop/counter.py", 'from . import helper as helper\ndef sell():\n    return f"sold {helper.price()} {__name__}"\n')
write("shop/helper.py", "def price():\n    return 5\n")
write("shop/data.txt", "data é")
write("shop/__main__.py", 'import sys\nprint("main of the package", __name__, __package__, len(sys.argv))\n')
write("one.py", "import two\nvalue = 1\ndef late(): return two.value\n")
write("two.py", "import one\nvalue = 2\nprint('partly there:', hasattr(one, 'value'))\n")
write("space/inner.py", "x = 1\n")
write("broken.py", "print('starts')\n1 / 0\n")
write("syntax.py", "def :\n")
importlib.invalidate_caches()
import shop
import one
import space.inner
print(shop.sell(), shop.__doc__, os.path.relpath(shop.__file__), one.late(), [os.path.relpath(path) for path in space.__path__], space.__file__, sys.path[0] == os.getcwd())
print(importlib.resources.files("shop").joinpath("data.txt").read_text(encoding="utf-8"), sorted(module.name for module in pkgutil.iter_modules(shop.__path__)), importlib.util.find_spec("shop.helper").origin.endswith("helper.py"), importlib.util.find_spec("nothing"))
runpy.run_module("shop", run_name="__main__")
print(runpy.run_path("one.py")["value"], importlib.import_module(".helper", "shop").price())
write("shop/helper.py", "def price():\n    return 'a new price'\n")
os.utime("shop/helper.py", (1, 1))
importlib.reload(shop.helper)
print(shop.sell(), "shop.helper" in sys.modules)
with zipfile.ZipFile("library.zip", "w") as archive:
    archive.writestr("zipped.py", "value = 'from a zip file'\n")
sys.path.append("library.zip")
import zipped
print(zipped.value, type(zipped.__loader__).__name__, os.path.relpath(zipped.__file__))
class Finder:
    def find_spec(name, path, target=None):
        return importlib.machinery.ModuleSpec(name, Finder) if name == "made_up" else None
    def create_module(spec):
        return types.ModuleType(spec.name)
    def exec_module(module):
        module.answer = 42
sys.meta_path.append(Finder)
import made_up
print(made_up.answer)
def attempt(statement):
    try:
        exec(statement)
    except Exception as error:
        print(type(error).__name__, str(error).replace(os.getcwd() + "/", ""))
for statement in ("import broken", "import syntax", "from shop import nothing", "import shop.nothing", "from . import x", "import shop.counter.x", "from one import *; print(value)", "import sys.path"):
    attempt(statement)
import broken
