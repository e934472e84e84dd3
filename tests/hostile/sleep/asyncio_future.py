#: what: Awaits a future that nobody will ever fulfil.
#: expect: timed out
#: timeout: 0.5
import asyncio


async def main():
    await asyncio.get_running_loop().create_future()


asyncio.run(main())
