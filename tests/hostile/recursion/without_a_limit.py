#: what: Lifts the limit on recursion and calls itself for ever.
#: expect: exited 1 or aborted or timed out
#: stderr: Error
import sys

sys.setrecursionlimit(2**31 - 1)


def down():
    return down() + 1


down()
