#: what: Traces everything, the driver's own Python included, with a function that raises.
#: expect: exited 0
import sys


def trace(frame, event, argument):
    if frame.f_code.co_filename != __file__:
        raise RuntimeError(f"in {frame.f_code.co_name}")
    return trace


sys.settrace(trace)
sys.setprofile(trace)
