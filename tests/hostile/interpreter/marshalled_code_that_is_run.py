#: what: Runs code objects from marshalled garbage.
#: expect: exited 0 or exited 1 or aborted or timed out or output too large
#: timeout: 1
import marshal
import random

random.seed(2)
good = marshal.dumps(compile("x = [n * 2 for n in range(3)]; y = {1: x}; z = x[0] + len(x)", "x", "exec"))
for _ in range(20_000):
    data = bytearray(good)
    for _ in range(3):
        data[random.randrange(len(data))] = random.randrange(256)
    try:
        exec(marshal.loads(data), {})
    except BaseException:
        pass
