#: what: Brings objects back to life, with more memory, every time they die.
#: expect: timed out or exited 1 or output too large
#: timeout: 1
import gc


class Phoenix:
    def __init__(self):
        self.me, self.load = self, bytes(10_000)

    def __del__(self):
        graveyard.append(Phoenix())


graveyard = []
Phoenix()
while True:
    graveyard.clear()
    gc.collect()
    graveyard.extend([Phoenix(), Phoenix()])
