"""Digits of pi from a stream of integers that grow: arithmetic with large numbers."""
import time

DIGITS = 2600


def digits(count):
    found, i, k, numerator, accumulator, denominator = [], 0, 0, 1, 0, 1
    while i < count:
        k += 1
        accumulator = (accumulator + 2 * numerator) * (2 * k + 1)
        denominator *= 2 * k + 1
        numerator *= k
        if numerator > accumulator:
            continue
        digit, rest = divmod(3 * numerator + accumulator, denominator)
        if rest + numerator >= denominator:
            continue
        found.append(digit)
        accumulator = (accumulator - denominator * digit) * 10
        numerator *= 10
        i += 1
    return found


def main():
    found = "".join(map(str, digits(DIGITS)))
    return found[:20], found[-20:], sum(map(int, found)), pow(7, 10**4000, 10**50)


begin = time.perf_counter_ns()
value = main()
print("elapsed_ns", time.perf_counter_ns() - begin)
print("check", value)
