"""Sorting and searching: the built-in sort with keys, heaps, bisection, and merge and quick sort in Python."""
import bisect
import heapq
import time

COUNT = 25_000


def numbers(count, state=1):
    for _ in range(count):
        state = state * 6364136223846793005 + 1442695040888963407 & 0xFFFFFFFFFFFFFFFF
        yield state >> 40


def merge_sort(items):
    if len(items) < 2:
        return items
    middle = len(items) // 2
    left, right = merge_sort(items[:middle]), merge_sort(items[middle:])
    merged, i, j = [], 0, 0
    while i < len(left) and j < len(right):
        if left[i] <= right[j]:
            merged.append(left[i])
            i += 1
        else:
            merged.append(right[j])
            j += 1
    return merged + left[i:] + right[j:]


def quick_sort(items):
    if len(items) < 2:
        return items
    pivot = items[len(items) // 2]
    return (quick_sort([item for item in items if item < pivot]) + [item for item in items if item == pivot]
            + quick_sort([item for item in items if item > pivot]))


def main():
    items = list(numbers(COUNT))
    ordered = sorted(items)
    good = merge_sort(items) == ordered and quick_sort(items) == ordered
    by_text = sorted(items, key=str, reverse=True)
    people = sorted(((item % 100, f"name {item % 1000}", item) for item in items), key=lambda person: (person[1], -person[0]))
    heap = []
    for item in items:
        heapq.heappush(heap, item)
        if len(heap) > 1000:
            heapq.heappop(heap)
    places = sum(bisect.bisect(ordered, item + 1) for item in items)
    return good, by_text[0], people[100][1:], heap[0], places


begin = time.perf_counter_ns()
value = main()
print("elapsed_ns", time.perf_counter_ns() - begin)
print("check", value)
