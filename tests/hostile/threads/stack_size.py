#: what: Asks for thread stacks of absurd sizes and exits a thread that is the only one.
#: expect: exited 0
#: never: Traceback
import _thread

for size in (1, 2**31 - 1, -1, 2**40, 0):
    try:
        _thread.stack_size(size)
    except (ValueError, RuntimeError, OverflowError):
        pass
_thread.exit()
