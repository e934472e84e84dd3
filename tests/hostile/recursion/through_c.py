#: what: Lifts the limit on recursion and recurses through C functions, which use up the machine's stack.
#: expect: exited 1 or aborted
#: timeout: 20
#: stderr: rror
import functools
import sys

sys.setrecursionlimit(2**31 - 1)


def down(_, n):
    return functools.reduce(down, [n, n])


down(1, 1)
