# collections, itertools, functools, heapq, bisect, operator, statistics, graphlib
import bisect
import functools
import graphlib
import heapq
import itertools
import operator
import statistics
from collections import ChainMap, Counter, OrderedDict, UserDict, defaultdict, deque, namedtuple

words = "the cat the dog a cat the end".split()
count = Counter(words)
print(count.most_common(2), count["none"], count + Counter(a=2), count - Counter(the=5), count.total(), count & Counter(the=1, dog=5), sorted(Counter(a=2, b=1).elements()))
groups = defaultdict(list)
for word in words:
    groups[len(word)].append(word)
print(groups, dict(groups), groups.default_factory, 99 in groups)
queue = deque(range(5), maxlen=4)
queue.rotate(1)
queue.appendleft("x")
print(queue, queue.index(2), queue[-1], deque("abc") < deque("abd"), queue.maxlen)
Pair = namedtuple("Pair", "a b class", rename=True, defaults=[0])
print(Pair(1, 2), Pair._fields, Pair(1, b=2)._replace(a=5), Pair(1, 2) == (1, 2, 0), ChainMap({"a": 1}, {"a": 2, "b": 3})["b"], OrderedDict(a=1, b=2).popitem(last=False))
ordered = OrderedDict.fromkeys("abc")
ordered.move_to_end("a")
print(list(ordered), {"a": 1} | {"b": 2}, dict.fromkeys("ab", 0), {**{"x": 1}, "y": 2}, list(reversed({"a": 1, "b": 2})), {1, 2} ^ {2, 3}, {1, 2} <= {1, 2, 3}, frozenset("aab") == set("ab"))
print(list(itertools.islice(itertools.count(10, 5), 3)), list(itertools.chain.from_iterable(["ab", "c"])), list(itertools.combinations("abc", 2)), list(itertools.permutations("ab")), list(itertools.product("ab", repeat=2)), list(itertools.groupby("aabc", str.upper))[0][0])
print(list(itertools.accumulate([1, 2, 3], operator.mul, initial=2)), list(itertools.takewhile(str.isalpha, "ab1c")), list(itertools.dropwhile(str.isalpha, "ab1c")), list(itertools.zip_longest("ab", "c", fillvalue="-")), list(itertools.pairwise("abc")), list(itertools.batched("abcde", 2)), list(itertools.starmap(pow, [(2, 3)])), list(itertools.compress("abc", [1, 0, 1])), list(itertools.combinations_with_replacement("ab", 2)), list(map(list, itertools.tee("ab"))), list(itertools.filterfalse(None, [0, 1])), list(zip(itertools.cycle("ab"), range(3))), list(itertools.repeat(1, 2)))
heap = [5, 1, 4]
heapq.heapify(heap)
heapq.heappush(heap, 0)
print(heapq.heappop(heap), heapq.nsmallest(2, heap), heapq.nlargest(1, words, key=len), list(heapq.merge([1, 4], [2, 3])), heapq.heapreplace(heap, 9), heapq.heappushpop(heap, 2))
print(bisect.bisect_left([1, 2, 2, 3], 2), bisect.bisect([1, 2, 2, 3], 2), bisect.bisect([3, 2, 1], -2, key=operator.neg), operator.itemgetter(1, "a".index("a"))("xy"), operator.attrgetter("real")(5), operator.methodcaller("upper")("a"))
data = [2.5, 3, 1, 7, 4]
print(statistics.mean(data), statistics.median(data), statistics.stdev(data), statistics.quantiles(data, n=4), statistics.mode("aab"), statistics.multimode("aabb"), statistics.harmonic_mean([40, 60]), statistics.NormalDist(0, 1).cdf(0), statistics.correlation(data, data), statistics.linear_regression([1, 2, 3], [2, 4, 6]), statistics.fmean(data, weights=[1, 1, 1, 1, 2]))
print(sorted(words, key=functools.cmp_to_key(lambda a, b: len(a) - len(b))), sorted([3, 1, 2], reverse=True), sorted("bca", key=str.lower), min(words, key=len), max([1, 5], [2, 0]), list(graphlib.TopologicalSorter({"c": {"b"}, "b": {"a"}}).static_order()))
for wrong in (lambda: deque().pop(), lambda: Pair(), lambda: statistics.mean([]), lambda: namedtuple("X", "a a"), lambda: heapq.heappop([]), lambda: list(graphlib.TopologicalSorter({"a": {"b"}, "b": {"a"}}).static_order()), lambda: [x for x in queue if queue.append(x)], lambda: [d.pop(k) for d in [{1: 1, 2: 2}] for k in d], lambda: next(itertools.islice([], 0)), lambda: list(itertools.batched("a", 0)), lambda: OrderedDict().popitem()):
    try:
        print(wrong())
    except Exception as error:
        print(type(error).__name__, error)
class Upper(UserDict):
    def __setitem__(self, key, value):
        super().__setitem__(key.upper(), value)
print(Upper(a=1, b=2))
