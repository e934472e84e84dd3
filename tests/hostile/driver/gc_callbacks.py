#: what: Hooks into the garbage collector, which the driver runs at the end.
#: expect: timed out or exited 0
#: timeout: 0.5
import gc


def callback(phase, info):
    while phase == "start":
        pass


gc.callbacks.append(callback)
