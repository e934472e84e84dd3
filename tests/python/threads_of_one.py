# What threading, queue and contextvars do with a single thread
import queue
import sched
import threading
import time

print(threading.active_count(), threading.current_thread().name, threading.main_thread() is threading.current_thread())
lock = threading.RLock()
with lock, threading.Lock(), threading.Condition(), threading.Semaphore(), lock:
    print("locks work", threading.get_ident() == threading.main_thread().ident)
local = threading.local()
local.value = 1
held = threading.Lock()
print(local.value, threading.Event().wait(0.001), held.acquire(), held.acquire(timeout=0.001), held.acquire(blocking=False))
try:
    threading.RLock().release()
except RuntimeError as error:
    print(error)
items = queue.PriorityQueue(maxsize=2)
items.put((2, "b"))
items.put((1, "a"))
try:
    items.put((3, "c"), timeout=0.001)
except queue.Full:
    print("full", items.get(), items.get(), items.empty())
try:
    items.get(timeout=0.001)
except queue.Empty:
    print("empty")
scheduler = sched.scheduler(time.monotonic, time.sleep)
scheduler.enter(0.02, 1, print, ("second",))
scheduler.enter(0.01, 1, print, ("first",))
scheduler.run()
