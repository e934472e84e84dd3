#: what: Prints inside of a print: from a finalizer, a signal handler and the object that is printed.
#: expect: exited 0
import io
import signal
import sys


class Raw(io.RawIOBase):
    def writable(self):
        return True

    def write(self, data):
        if len(data) < 10_000:
            sys.stdout.write("x")
            sys.stdout.flush()
        return len(data)


signal.signal(signal.SIGTERM, lambda *_: print("signal"))
sys.stdout = io.TextIOWrapper(io.BufferedWriter(Raw(), 10))
try:
    print("begin" * 100, flush=True)
    signal.raise_signal(signal.SIGTERM)
except (RuntimeError, RecursionError):
    pass
sys.stdout = sys.__stdout__
