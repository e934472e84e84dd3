#: what: Runs random bytecode.
#: expect: exited 0 or exited 1 or aborted or timed out or output too large
#: timeout: 1
import random


def victim(x):
    return x


random.seed(3)
for _ in range(10_000):
    code = bytes(random.randrange(256) for _ in range(40))
    try:
        victim.__code__ = victim.__code__.replace(co_code=code, co_stacksize=10)
        victim(1)
    except BaseException:
        pass
