# Queue, Event, Lock, Semaphore, Condition, Barrier
import asyncio

async def producer(queue, count):
    for number in range(count):
        await queue.put(number)
        print("put", number)
    await queue.put(None)

async def consumer(queue):
    while (item := await queue.get()) is not None:
        print("got", item)
        queue.task_done()

async def waits(event, name):
    await event.wait()
    print("event", name)

async def guarded(lock, name):
    async with lock:
        print("in", name)
        await asyncio.sleep(0.001)
        print("out", name)

async def main():
    queue = asyncio.Queue(maxsize=2)
    await asyncio.gather(producer(queue, 5), consumer(queue))
    priorities = asyncio.PriorityQueue()
    for number in (3, 1, 2):
        priorities.put_nowait(number)
    print([await priorities.get() for _ in range(3)], priorities.empty())
    try:
        priorities.get_nowait()
    except asyncio.QueueEmpty as error:
        print(type(error).__name__)
    event = asyncio.Event()
    waiting = asyncio.gather(waits(event, "a"), waits(event, "b"))
    await asyncio.sleep(0)
    event.set()
    await waiting
    lock = asyncio.Lock()
    await asyncio.gather(guarded(lock, "first"), guarded(lock, "second"))
    print(lock.locked())
    semaphore = asyncio.Semaphore(2)
    await asyncio.gather(*(guarded(semaphore, name) for name in "xyz"))
    barrier = asyncio.Barrier(3)
    print(sorted(await asyncio.gather(*(barrier.wait() for _ in range(3)))))
    condition = asyncio.Condition()
    async def notified():
        async with condition:
            await condition.wait()
            return "notified"
    task = asyncio.create_task(notified())
    await asyncio.sleep(0)
    async with condition:
        condition.notify_all()
    print(await task)
    queue.shutdown()
    try:
        await queue.get()
    except asyncio.QueueShutDown:
        print("shut down")

asyncio.run(main())
