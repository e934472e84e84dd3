#: what: Raises a signal inside of its own handler.
#: expect: exited 1
#: stderr: RecursionError
import signal


def handler(number, frame):
    signal.raise_signal(number)


signal.signal(signal.SIGTERM, handler)
signal.raise_signal(signal.SIGTERM)
