#: what: Looks for another thread or timer that could count as a clock.
#: expect: exited 0
#: stdout: contained
import signal
import threading

for start in (lambda: threading.Thread(target=print).start(), lambda: threading.Timer(0.01, print).start()):
    try:
        start()
    except RuntimeError:
        continue
    raise SystemExit("there are threads")
assert not hasattr(signal, "setitimer")
print("contained")
