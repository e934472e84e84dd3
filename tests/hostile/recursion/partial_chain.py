#: what: Wraps a function into partials, methods and decorators, a hundred thousand deep, and calls it.
#: expect: exited 1 or aborted
#: stderr: rror
import functools


class Wrapped(functools.partial):
    pass


call = Wrapped(int)
for _ in range(20_000):
    call = functools.partial(functools.lru_cache(call))
call()
