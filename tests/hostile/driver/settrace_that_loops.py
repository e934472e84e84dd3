#: what: Traces the end of the script with a function that never returns.
#: expect: timed out
#: timeout: 0.5
import sys


def trace(frame, event, argument):
    if frame.f_code.co_filename != __file__:
        while True:
            pass


sys.setprofile(trace)
