"""Pancake flipping over many permutations: small lists, slices, integer loops."""
import itertools
import time

SIZE, COUNT = 9, 170_000


def flips_of(order):
    flips, first = 0, order[0]
    while first:
        order[:first + 1] = order[first::-1]
        flips += 1
        first = order[0]
    return flips


def permutations(size):
    order, turns, level = list(range(size)), list(range(1, size + 1)), size
    while True:
        while level != 1:
            turns[level - 1] = level
            level -= 1
        yield order
        while True:
            if level == size:
                return
            order.insert(level, order.pop(0))
            turns[level] -= 1
            if turns[level] > 0:
                break
            level += 1


def main():
    most = checksum = 0
    for number, order in enumerate(itertools.islice(permutations(SIZE), COUNT)):
        if order[0]:
            flips = flips_of(order[:])
            most = max(most, flips)
            checksum += -flips if number & 1 else flips
    return f"{checksum} {most}"


begin = time.perf_counter_ns()
value = main()
print("elapsed_ns", time.perf_counter_ns() - begin)
print("check", value)
