#: args: one "two words" "" é 🐍 --flag=x -
# What a script sees of how it was started.
import sys

print(__name__, __file__, sys.argv[0])
print(len(sys.argv), sys.argv[1:])
print(sys.orig_argv[-len(sys.argv):] == sys.argv)
print(__doc__, __package__, __spec__, __annotations__, __builtins__.__name__)
print(type(__loader__).__name__, __loader__.name, __loader__.get_source("__main__").splitlines()[1])
print(sys.modules["__main__"].__dict__ is globals())
print(sorted(name for name in globals() if not name.startswith("_")))
print(sys.version_info[:2], sys.implementation.name, sys.byteorder, sys.flags.interactive, sys.flags.optimize)
print(sys.stdin.encoding, sys.stdout.encoding, sys.stderr.encoding, sys.getfilesystemencoding(), sys.getdefaultencoding())
print(sys.stdin.isatty(), sys.stdout.isatty(), sys.stderr.isatty(), sys.stdin.fileno(), sys.stdout.fileno(), sys.stderr.fileno())
print(sys.stdin.name, sys.stdout.name, sys.stderr.name, sys.stdout.mode, sys.stderr.errors, sys.getrecursionlimit())
