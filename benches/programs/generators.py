"""Trees walked by generators that call generators, pipelines of them, and coroutines."""
import time

DEPTH = 16


def build(low, high):
    if low >= high:
        return None
    middle = (low + high) // 2
    return build(low, middle), middle, build(middle + 1, high)


def walk(tree):
    if tree:
        left, value, right = tree
        yield from walk(left)
        yield value
        yield from walk(right)


def window(values, size):
    held = []
    for value in values:
        held.append(value)
        if len(held) == size:
            yield tuple(held)
            held.pop(0)


def averager():
    total = count = 0
    while True:
        value = yield total // max(count, 1)
        total += value
        count += 1


async def countdown(n):
    return 0 if n == 0 else 1 + await countdown(n - 1)


def run(coroutine):
    try:
        coroutine.send(None)
    except StopIteration as stop:
        return stop.value


def main():
    tree = build(0, 1 << DEPTH)
    windows = sum(max(three) - min(three) for three in window(walk(tree), 3))
    squares = sum(x * x for x in (y + 1 for y in (z for z in walk(tree) if z % 3)) if x % 2)
    average = averager()
    next(average)
    last = [average.send(value) for value in walk(tree)][-1]
    depth = sum(run(countdown(200)) for _ in range(1000))
    return windows, squares, last, depth


begin = time.perf_counter_ns()
value = main()
print("elapsed_ns", time.perf_counter_ns() - begin)
print("check", value)
