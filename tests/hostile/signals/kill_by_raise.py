#: what: Raises the signal that nobody can ignore.
#: expect: aborted or exited 1 or exited 137
import signal

signal.raise_signal(signal.SIGKILL)
