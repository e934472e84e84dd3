#: what: Waits for an event that nobody sets.
#: expect: timed out
#: timeout: 0.5
import threading

threading.Event().wait()
