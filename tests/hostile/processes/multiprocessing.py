#: what: Starts processes through the libraries that hide how they do it.
#: expect: exited 0
#: stdout: contained
import asyncio
import concurrent.futures


def worker():
    import multiprocessing

    multiprocessing.Process(target=print).start()


def pool():
    with concurrent.futures.ProcessPoolExecutor() as executor:
        executor.submit(print).result()


def shared():
    from multiprocessing import shared_memory

    shared_memory.SharedMemory(create=True, size=1 << 20)


def terminal():
    import pty

    pty.spawn("/bin/sh")


def shell():
    asyncio.run(asyncio.create_subprocess_shell("id"))


for attempt in (worker, pool, shared, terminal, shell):
    try:
        attempt()
    except (OSError, ImportError, AttributeError, ValueError, NotImplementedError, NameError):
        continue
    raise SystemExit(attempt.__name__)
print("contained")
