#: what: Changes lines, locals and traces of frames that are running.
#: expect: exited 0
#: stdout: contained
import sys


def tracer(frame, event, argument):
    for line in (-1, 0, 1, 10**6, 2**31):
        try:
            frame.f_lineno = line
        except (ValueError, OverflowError):
            pass
    frame.f_trace_opcodes = True
    return tracer


def victim():
    total = 0
    for number in range(10):
        total += number
        sys._getframe().f_locals["total"] = []
        total = 0
    return total


sys.settrace(tracer)
try:
    victim()
except TypeError:
    pass
sys.settrace(None)
print("contained")
