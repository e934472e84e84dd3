#: what: Changes the list of functions that run at the end while they run.
#: expect: exited 0
import atexit


def change(number):
    atexit.unregister(change)
    atexit._clear()
    for _ in range(100):
        atexit.register(print, number)
    if number < 50:
        atexit._run_exitfuncs()


for number in range(100):
    atexit.register(change, number)
