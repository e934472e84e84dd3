#: sandbox-only: a native CPython starts the thread
# There is one thread. Starting another is the error that Python itself has for it
import asyncio
import concurrent.futures
import multiprocessing
import threading

def attempt(name, call):
    try:
        print(name, call())
    except Exception as error:
        print(name, repr(error))

attempt("Thread", lambda: threading.Thread(target=print).start())
attempt("Timer", lambda: threading.Timer(0, print).start())
attempt("to_thread", lambda: asyncio.run(asyncio.to_thread(print)))
attempt("executor", lambda: concurrent.futures.ThreadPoolExecutor().submit(print))
attempt("map", lambda: list(concurrent.futures.ThreadPoolExecutor(1).map(str, [1])))
print(threading.active_count(), threading.current_thread().name, threading.main_thread() is threading.current_thread())
lock = threading.RLock()
with lock, threading.Lock(), threading.Condition(), threading.Semaphore():
    print("locks work", threading.get_ident() == threading.main_thread().ident)
local = threading.local()
local.value = 1
print(local.value, threading.Event().wait(0.001), threading.Lock().acquire(timeout=0))
