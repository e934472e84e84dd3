#: what: Sleeps in an event loop.
#: expect: timed out
#: timeout: 0.5
import asyncio

asyncio.run(asyncio.sleep(1e8))
