#: exit: 1
# sys.excepthook of the script's own, sys.last_exc, sys.exception, and the hook of unraisable ones
import sys

def unraisable(args):
    print("unraisable", repr(args.exc_value), args.err_msg, args.object.__qualname__)

class Fragile:
    def __del__(self):
        raise ValueError("in a finalizer")

sys.unraisablehook = unraisable
Fragile()
try:
    1 / 0
except ZeroDivisionError as error:
    print(sys.exception() is error, sys.exc_info()[0].__name__, error.__traceback__.tb_lineno)
print(sys.exception(), sys.exc_info())

def hook(kind, value, trace):
    print("hook", kind.__name__, value, trace.tb_frame.f_code.co_name, trace.tb_lineno)

sys.excepthook = hook
raise LookupError("for the hook")
