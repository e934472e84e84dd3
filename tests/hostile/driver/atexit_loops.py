#: what: Ends well, but a function that runs at the end never returns.
#: expect: timed out
#: timeout: 0.5
import atexit


@atexit.register
def stay():
    while True:
        pass
