#: what: Keeps the garbage collector walking a large heap.
#: expect: timed out
#: timeout: 0.5
import gc

heap = [[n] for n in range(300_000)]
while True:
    gc.collect()
