#: what: Loads marshalled garbage, which CPython does not promise to survive.
#: expect: exited 0 or exited 1 or aborted
import marshal
import random

random.seed(1)
good = marshal.dumps(compile("def f(x, *y, **z):\n    return [x, y, z, 1.5, 'text', (1, 2), {3}]", "x", "exec"))
for _ in range(20_000):
    data = bytearray(good)
    for _ in range(random.randint(1, 4)):
        data[random.randrange(len(data))] = random.randrange(256)
    try:
        marshal.loads(data)
    except Exception:
        pass
