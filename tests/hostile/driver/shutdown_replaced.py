#: what: Replaces what the driver calls when a script ends.
#: expect: timed out
#: timeout: 0.5
import threading


def forever():
    while True:
        pass


threading._shutdown = forever
threading._main_thread._tstate_lock = forever
