#: exit: 1
# TaskGroup: all succeed, one fails and the others are cancelled, an uncaught group
import asyncio

async def work(name, delay, error=None):
    try:
        await asyncio.sleep(delay)
        if error:
            raise error
        return name
    except asyncio.CancelledError:
        print("cancelled", name)
        raise

async def good():
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(work(name, 0.01)) for name in "abc"]
    print([task.result() for task in tasks])

async def bad():
    async with asyncio.TaskGroup() as group:
        group.create_task(work("long", 10))
        group.create_task(work("first", 0, ValueError("first")))
        group.create_task(work("second", 0, TypeError("second")))

async def main():
    await good()
    try:
        await bad()
    except* ValueError as group:
        print("values:", group.exceptions)
    except* TypeError as group:
        print("types:", group.exceptions)

asyncio.run(main())
raise ExceptionGroup("at the end", [ValueError(1)])
