#: what: Changes a list while it is being sorted, with comparisons that contradict each other.
#: expect: exited 1
#: stderr: ValueError: list modified during sort
import random


class Liar:
    def __lt__(self, other):
        victims.extend([Liar()] * 3)
        del victims[:2]
        return random.random() < 0.5


victims = [Liar() for _ in range(1000)]
victims.sort()
