#: what: Keeps an event loop busy with callbacks that schedule themselves.
#: expect: timed out
#: timeout: 0.5
import asyncio

loop = asyncio.new_event_loop()


def again():
    loop.call_soon(again)


again()
loop.run_forever()
