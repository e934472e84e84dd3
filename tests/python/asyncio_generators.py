# Asynchronous generators, comprehensions, context managers, iterators; context variables
import asyncio
import contextlib
import contextvars

request = contextvars.ContextVar("request", default="none")

async def ticker(count):
    try:
        for number in range(count):
            await asyncio.sleep(0)
            yield number
    finally:
        print("ticker closed")

@contextlib.asynccontextmanager
async def resource(name):
    print("open", name)
    try:
        yield name
    finally:
        await asyncio.sleep(0)
        print("close", name)

class Countdown:
    def __init__(self, start):
        self.left = start

    def __aiter__(self):
        return self

    async def __anext__(self):
        if self.left == 0:
            raise StopAsyncIteration
        self.left -= 1
        return self.left

async def child(name):
    before = request.get()
    request.set(name)
    await asyncio.sleep(0)
    return before, request.get()

async def main():
    print([number async for number in ticker(3)], {n: n async for n in ticker(5) if n % 2})
    async for number in ticker(10):
        if number == 2:
            break
    async with resource("a") as a, resource("b") as b:
        print("inside", a, b)
    try:
        async with resource("fails"):
            raise ValueError("inside")
    except ValueError as error:
        print(error)
    print([left async for left in Countdown(3)])
    request.set("parent")
    print(await asyncio.gather(child("one"), child("two")), request.get())
    async with contextlib.AsyncExitStack() as stack:
        for name in "xy":
            await stack.enter_async_context(resource(name))
        stack.push_async_callback(asyncio.sleep, 0)
    generator = ticker(2)
    print(await anext(generator), await generator.asend(None))
    print(await anext(generator, "default"))
    await generator.aclose()

asyncio.run(main())
