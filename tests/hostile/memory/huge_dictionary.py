#: what: Fills a dictionary until it cannot grow.
#: expect: exited 1
#: stderr: MemoryError
import itertools

table = {}
for number in itertools.count():
    table[number] = None
