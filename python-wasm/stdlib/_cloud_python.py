"""What the guest does in Python around a script. Frozen under this name; called by guest/start.c and guest/script.c.

Most of it runs before the snapshot. What runs in every job is kept in C: Python code that has not run often enough
writes its inline caches, and every page written costs a run time.
"""
import atexit
import builtins
import importlib.machinery
import io
import linecache
import logging
import os.path
import sys
import types

HOME = "/home/user"

# Imported before the snapshot, so that importing them costs a script nothing. Left out on purpose: modules that draw
# random bytes or the time when they are imported (multiprocessing.process draws its key), and those that nobody would
# miss (each module makes the image larger).
COMMON = """
    __future__ abc argparse array ast asyncio atexit base64 bdb binascii bisect bz2 calendar cmath codecs collections
    collections.abc colorsys concurrent.futures configparser contextlib contextvars copy copyreg csv dataclasses
    datetime decimal difflib dis email.message email.parser encodings.ascii encodings.cp1252 encodings.idna
    encodings.latin_1 encodings.utf_8_sig encodings.utf_16 enum errno fileinput fnmatch fractions functools gc getopt
    getpass glob graphlib gzip hashlib heapq hmac html html.parser http inspect io ipaddress itertools json keyword
    linecache locale logging lzma math mimetypes numbers opcode operator os pathlib pickle pkgutil platform pprint
    queue quopri random re reprlib sched secrets select selectors shlex shutil signal socket sqlite3 stat statistics
    string stringprep struct subprocess symtable tempfile textwrap threading time timeit token tokenize tomllib
    traceback types typing unicodedata unittest urllib.parse uuid warnings weakref xml.etree.ElementTree zipfile zlib
    zoneinfo
"""


def prepare():
    for name in COMMON.split():
        __import__(name)
    # logging's last resort writes to sys.stderr, which is flushed anyway: it need not be closed when every script ends.
    logging._handlerList.clear()


def settle():
    """Forgets what would be stale or seen in a script's world."""
    linecache.clearcache()
    sys.path_importer_cache.clear()
    for name in [name for name, module in sys.modules.items() if module is None]:
        del sys.modules[name]
    atexit._clear()


def new_main():
    """The module that a script becomes, with the names that CPython gives it; guest/script.c sets the values."""
    main = sys.modules["__main__"] = types.ModuleType("__main__")
    main.__annotations__ = {}
    main.__builtins__ = builtins
    main.__loader__ = importlib.machinery.SourceFileLoader("__main__", None)
    main.__file__ = None
    main.__cached__ = None
    return main


def open_streams():
    """Opens sys.stdin and its sisters again, as CPython does but for one thing: sys.stdout hands on every whole line.

    A pipe usually gets blocks. Here whoever reads may be a person, who would wait for the first block in vain. Half
    lines are handed on when the script is about to wait (guest_before_wait in guest/driver.c).
    """
    sys.stdin = sys.__stdin__ = stream(0, "r", "surrogateescape", newline="\n")
    sys.stdout = sys.__stdout__ = stream(1, "w", "surrogateescape", newline="\n", line_buffering=True)
    sys.stderr = sys.__stderr__ = stream(2, "w", "backslashreplace", newline="\n", line_buffering=True)


def unbuffer():
    """Opens sys.stdout once more, as `python3 -u` does: somebody watches, and sees each dot of a progress bar."""
    sys.stdout = sys.__stdout__ = stream(1, "w", "surrogateescape", newline="\n", buffering=0, write_through=True)


def register_at_exit():
    """The functions that the imported modules had registered, registered anew: every run uses them up."""
    atexit.register(logging.shutdown)


def stream(descriptor, mode, errors, buffering=-1, **options):
    buffer = open(descriptor, mode + "b", buffering, closefd=False)
    getattr(buffer, "raw", buffer).name = ("<stdin>", "<stdout>", "<stderr>")[descriptor]
    text = io.TextIOWrapper(buffer, encoding="utf-8", errors=errors, **options)
    text.mode = mode
    return text


def folder_of(program):
    return os.path.dirname(os.path.join(HOME, program))


def remember_source(program, file):
    """Lets tracebacks quote a script that no file can be named after."""
    with open(file, encoding="utf-8", errors="replace") as source:
        lines = source.readlines()
    linecache.cache[program] = (sum(map(len, lines)), None, lines, program)


def forget_file():
    """The module that is `__main__` has no file in the interactive interpreter."""
    main = sys.modules["__main__"]
    del main.__file__, main.__cached__
    main.__loader__ = importlib.machinery.BuiltinImporter


def interact():
    """The interactive interpreter: as `python3` without arguments, with prompts on standard output."""
    import code

    console = code.InteractiveConsole(sys.modules["__main__"].__dict__, "<stdin>")
    about = 'Type "help", "copyright", "credits" or "license" for more information.'
    console.interact(f"Python {sys.version} on {sys.platform}\n{about}", exitmsg="")
