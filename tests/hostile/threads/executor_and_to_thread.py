#: what: Hands work to thread pools that cannot have threads.
#: expect: exited 1
#: stderr: can't start new thread
import asyncio
import concurrent.futures

try:
    concurrent.futures.ThreadPoolExecutor().submit(print).result()
except RuntimeError:
    pass
asyncio.run(asyncio.to_thread(print))
