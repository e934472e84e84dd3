#: what: Leaves without any cleaning up, with a code that is too large.
#: expect: exited 44
#: never: never written
import atexit
import os

atexit.register(print, "never written")
os._exit(300)
