#: what: Starts threads below the library, and swallows every refusal for a while.
#: expect: exited 0
#: stdout: contained
import _thread

for _ in range(10_000):
    for start in (lambda: _thread.start_new_thread(print, ()), lambda: _thread.start_joinable_thread(print)):
        try:
            start()
        except RuntimeError:
            continue
        raise SystemExit("started")
assert _thread._count() == 0
print("contained")
