#: what: Ends well, and leaves with a code of its own while it is being cleaned up.
#: expect: exited 9
import os


class Dying:
    def __del__(self):
        os._exit(9)


dying = Dying()
