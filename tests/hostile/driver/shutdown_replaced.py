#: what: Replaces what the driver calls when a script ends.
#: expect: exited 0
import threading


def forever():
    while True:
        pass


threading._shutdown = forever
threading._main_thread._tstate_lock = forever
