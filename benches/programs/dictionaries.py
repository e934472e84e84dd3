"""Counting, grouping and joining with dictionaries and sets of strings, integers and tuples."""
import time
from collections import Counter, defaultdict

ROWS = 200_000


def main():
    counts, by_group, pairs = {}, defaultdict(list), {}
    state = 12345
    for number in range(ROWS):
        state = state * 1103515245 + 12345 & 0x7FFFFFFF
        key = "key%d" % (state % 5003)
        counts[key] = counts.get(key, 0) + number
        by_group[state % 211].append(number)
        pairs[state % 101, number % 103] = pairs.pop((number % 101, state % 103), 0) + 1
        if number % 7 == 0:
            counts.pop("key%d" % (number * 31 % 5003), None)
    letters = Counter(char for key in counts for char in key)
    big = {key for key, count in counts.items() if count > 1000}
    odd = {key for key in counts if key[-1] in "13579"}
    merged = {**counts, **{key: -1 for key in big & odd}}
    inverse = {number: group for group, numbers in by_group.items() for number in numbers}
    ordered = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    return (sum(merged.values()), len(pairs), letters["1"], len(big ^ odd), ordered[0], sum(inverse.values()),
            max(map(len, by_group.values())))


begin = time.perf_counter_ns()
value = main()
print("elapsed_ns", time.perf_counter_ns() - begin)
print("check", value)
