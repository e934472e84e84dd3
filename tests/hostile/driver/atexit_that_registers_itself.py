#: what: Registers itself again whenever it is called at the end.
#: expect: exited 0
#: timeout: 1
import atexit


def again():
    atexit.register(again)


again()
