# asyncio.run, tasks, gather, wait, as_completed, shield, order of results
import asyncio
import time

async def work(name, delay):
    await asyncio.sleep(delay)
    print("done", name)
    return name.upper()

async def fail():
    await asyncio.sleep(0)
    raise ValueError("a task that fails")

async def main():
    start = time.monotonic()
    print(await asyncio.gather(work("slow", 0.15), work("fast", 0.05), work("mid", 0.1)))
    print("at the same time:", time.monotonic() - start < 0.29)
    print(await asyncio.gather(fail(), work("other", 0), return_exceptions=True))
    tasks = [asyncio.create_task(work(name, delay), name=name) for name, delay in (("b", 0.3), ("a", 0.01))]
    done, pending = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    print({task.get_name() for task in done}, {task.get_name() for task in pending})
    for earliest in asyncio.as_completed([work("y", 0.02), work("x", 0.01), *pending]):
        print("as completed", await earliest)
    task = asyncio.create_task(work("shielded", 0.02))
    try:
        await asyncio.wait_for(asyncio.shield(task), 0.001)
    except TimeoutError as error:
        print(repr(error), task.done(), await task)
    loop = asyncio.get_running_loop()
    loop.call_later(0.01, print, "call_later")
    loop.call_soon(print, "call_soon")
    future = loop.create_future()
    loop.call_later(0.02, future.set_result, 42)
    print(await future, asyncio.current_task().get_name(), len(asyncio.all_tasks()))
    return "the result of main"

print(asyncio.run(main()))
try:
    asyncio.run(fail())
except ValueError as error:
    print(error)
try:
    asyncio.get_running_loop()
except RuntimeError as error:
    print(error)
coroutine = work("never", 0)
try:
    asyncio.run(asyncio.sleep)
except (TypeError, ValueError) as error:
    print(type(error).__name__)
coroutine.close()
with asyncio.Runner() as runner:
    print(runner.run(work("in a runner", 0)), runner.run(work("again", 0)))
