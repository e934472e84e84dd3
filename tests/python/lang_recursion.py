# Depth: nested brackets in the source, nested data, deep recursion of C code, a raised recursion limit
import ast
import copy
import json
import pickle
import sys

for depth in (10, 100, 150, 199):
    print(depth, eval("(" * depth + "1" + ")" * depth), len(str(eval("[" * depth + "]" * depth))))
for text in ("(" * 201, "(" * 250 + ")" * 250, "-" * 5000 + "1", "x" + ".y" * 3000, "1" + "+1" * 3000, "not " * 5000 + "1", "lambda: " * 3000 + "1", "{" * 250):
    try:
        compile(text, "<text>", "eval")
        print(text[:5], len(text), "compiles")
    except (SyntaxError, RecursionError, MemoryError) as error:
        print(text[:5], len(text), type(error).__name__, str(error).split(" (")[0])
nested = []
for _ in range(900):
    nested = [nested]
print(len(repr(nested)), len(json.dumps(nested)), nested == [nested[0]])
for _ in range(200_000):
    nested = [nested]
for call in (repr, json.dumps, pickle.dumps, copy.deepcopy, lambda value: value == [value[0][:]], lambda value: json.loads("[" * 200_000)):
    try:
        print(type(call(nested)).__name__)
    except RecursionError as error:
        print("RecursionError", str(error).split(" in ")[0].split(" while ")[0])
del nested
sys.setrecursionlimit(20_000)

def depth(n):
    return 0 if n == 0 else 1 + depth(n - 1)

print(depth(15_000))
try:
    sys.setrecursionlimit(0)
except ValueError as error:
    print(error)
