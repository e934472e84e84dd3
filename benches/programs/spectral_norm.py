"""The largest singular value of an endless matrix: calls, generator expressions, floating point."""
import time

SIZE = 170


def element(i, j):
    return 1.0 / ((i + j) * (i + j + 1) // 2 + i + 1)


def times(vector):
    return [sum(element(i, j) * x for j, x in enumerate(vector)) for i in range(len(vector))]


def times_transposed(vector):
    return [sum(element(j, i) * x for j, x in enumerate(vector)) for i in range(len(vector))]


def main():
    u = [1.0] * SIZE
    for _ in range(10):
        v = times_transposed(times(u))
        u = times_transposed(times(v)) if _ % 5 == 4 else v
    v = times_transposed(times(u))
    above = sum(x * y for x, y in zip(u, v))
    below = sum(x * x for x in u)
    return f"{(above / below) ** 0.5:.9f}"


begin = time.perf_counter_ns()
value = main()
print("elapsed_ns", time.perf_counter_ns() - begin)
print("check", value)
