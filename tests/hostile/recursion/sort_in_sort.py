#: what: Sorts inside the comparison of a sort, without a limit on recursion.
#: expect: exited 1 or aborted
#: stderr: rror
import sys

sys.setrecursionlimit(10**9)


class Sorter:
    def __lt__(self, other):
        return sorted([Sorter(), Sorter()]) and True


sorted([Sorter(), Sorter()])
