# Generators and coroutines: send, throw, close, delegation, return values, what a frame keeps
import inspect
import types

def averager():
    total = count = 0
    average = None
    while True:
        try:
            value = yield average
        except ValueError as error:
            value = 0
            print("thrown in:", error)
        if value is None:
            return total, count
        total += value
        count += 1
        average = total / count

def delegate(log):
    while True:
        log.append((yield from averager()))

log = []
generator = delegate(log)
next(generator)
print(generator.send(10), generator.send(20), generator.throw(ValueError("odd")), generator.send(None), log, inspect.getgeneratorstate(generator))
generator.close()
print(inspect.getgeneratorstate(generator), next(generator, "exhausted"))

def tree(depth):
    if depth:
        yield from tree(depth - 1)
        yield depth
        yield from tree(depth - 1)

print(list(tree(4)), sum(1 for _ in tree(12)))
print((lambda: (yield))().gi_code.co_name, [x * y for x in range(3) for y in "ab" if x], {k: v for k, v in zip("ab", range(2))}, sorted({x % 3 for x in range(9)}))

@types.coroutine
def switch(value):
    received = yield value
    return received * 2

async def coroutine():
    try:
        first = await switch("one")
        second = await switch(first)
        return first + second
    finally:
        print("coroutine ends")

running = coroutine()
print(running.send(None), running.send(21), running.cr_frame is not None)
try:
    running.send(1)
except StopIteration as stop:
    print("result", stop.value)
for wrong in (lambda: running.send(None), lambda: averager().send(1), lambda: iter(5), lambda: next(averager), lambda: [*5]):
    try:
        print(wrong())
    except (TypeError, RuntimeError) as error:
        print(type(error).__name__, error)
generator = (1 / n for n in (1, 0))
print(next(generator))
try:
    next(generator)
except ZeroDivisionError:
    print("then", next(generator, "nothing"))

def again():
    yield next(me)

me = again()
try:
    next(me)
except ValueError as error:
    print(error)
