#: what: Adds audit hooks, which can never be removed, that raise and recurse at every event.
#: expect: exited 1
import sys


def hook(event, arguments):
    if event != "sys.audit":
        sys.audit("sys.audit")
        raise RuntimeError(event)


sys.addaudithook(hook)
try:
    open("x")
except RuntimeError:
    pass
import wave
