#: what: Awaits coroutines that await coroutines, without a limit on recursion.
#: expect: exited 1 or aborted
#: stderr: rror
import sys

sys.setrecursionlimit(10**9)


async def down():
    await down()


down().send(None)
