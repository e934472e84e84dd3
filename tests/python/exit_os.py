#: exit: 5
# os._exit leaves at once: no handler, no finalizer, nothing that was not flushed in a file of the script's own
import atexit
import os

atexit.register(print, "never")
try:
    print("before", flush=True)
    os._exit(5)
finally:
    print("never")
