#: what: Raises at the end in many functions.
#: expect: exited 0
#: stderr: at the end
import atexit


def fail():
    raise RuntimeError("at the end")


for _ in range(100):
    atexit.register(fail)
