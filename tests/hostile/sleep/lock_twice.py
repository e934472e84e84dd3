#: what: Takes a lock that it holds already.
#: expect: timed out
#: timeout: 0.5
import threading

lock = threading.Lock()
lock.acquire()
lock.acquire()
