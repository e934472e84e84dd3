#: what: Ends well and floods the output only afterwards.
#: expect: output too large
import atexit


def flood():
    while True:
        print("x" * 1000)


atexit.register(flood)
