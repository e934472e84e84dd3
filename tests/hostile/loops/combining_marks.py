#: what: Normalises a text of combining marks in the worst order, which needs sorting.
#: expect: exited 0
#: stdout: contained
#: memory: 256
import unicodedata

count = 1_000_000
sorted_marks = "a" + "\u0300" * count + "\u0315" * count
assert unicodedata.normalize("NFD", "a" + "\u0315\u0300" * count) in (sorted_marks, "a" + "\u0315\u0300" * count)
print("contained")
