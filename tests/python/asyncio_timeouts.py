# wait_for, timeout, timeout_at, cancellation and what clean-up may do
import asyncio

async def stubborn():
    try:
        await asyncio.sleep(10)
    except asyncio.CancelledError:
        print("asked to stop")
        raise
    finally:
        await asyncio.sleep(0.001)
        print("cleaned up")

async def main():
    try:
        await asyncio.wait_for(stubborn(), 0.01)
    except TimeoutError:
        print("timed out")
    try:
        async with asyncio.timeout(0.01) as scope:
            await asyncio.sleep(10)
    except TimeoutError:
        print("timeout()", scope.expired())
    async with asyncio.timeout(0.01) as scope:
        scope.reschedule(asyncio.get_running_loop().time() + 10)
        await asyncio.sleep(0.02)
    print("in time", scope.expired())
    task = asyncio.create_task(stubborn())
    await asyncio.sleep(0)
    print(task.cancel("a message"), task.cancelling())
    try:
        await task
    except asyncio.CancelledError as error:
        print("cancelled", error.args, task.cancelled(), task.cancel())
    print(await asyncio.wait_for(asyncio.sleep(0, "value"), None))

asyncio.run(main())
