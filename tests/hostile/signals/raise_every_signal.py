#: what: Ignores every signal that it can, and then raises each of them in itself.
#: expect: exited 0 or exited 1 or exited 130 or aborted
import signal

for number in signal.Signals:
    try:
        signal.signal(number, signal.SIG_IGN)
    except (OSError, ValueError):
        pass
for number in (signal.SIGHUP, signal.SIGPIPE, signal.SIGTERM, signal.SIGKILL, signal.SIGSTOP, signal.SIGSEGV):
    try:
        signal.raise_signal(number)
    except (OSError, ValueError):
        pass
