# What asyncio reports when nobody looks: a task's exception that is never retrieved, a coroutine that is never awaited
import asyncio
import gc

async def fail():
    raise ValueError("nobody looks")

async def main():
    task = asyncio.create_task(fail(), name="the task")
    await asyncio.sleep(0)
    del task
    gc.collect()
    fail()
    loop = asyncio.get_running_loop()
    loop.set_exception_handler(lambda loop, context: print("handler:", context["message"], repr(context.get("exception"))))
    loop.call_soon(lambda: 1 / 0)
    await asyncio.sleep(0)
    try:
        asyncio.run(fail())
    except RuntimeError as error:
        print(error)
    try:
        loop.run_until_complete(asyncio.sleep(0))
    except RuntimeError as error:
        print(error)

import warnings
warnings.simplefilter("ignore", RuntimeWarning)
asyncio.run(main())
print("still here")
