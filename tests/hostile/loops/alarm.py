#: what: Sets an alarm and a timer to get more time, or a signal handler that goes on.
#: expect: timed out
#: timeout: 0.5
import signal

for name in ("alarm", "setitimer", "siginterrupt"):
    assert not hasattr(signal, name), name
for number in (signal.SIGINT, signal.SIGTERM, signal.SIGABRT):
    signal.signal(number, lambda *_: None)
while True:
    pass
