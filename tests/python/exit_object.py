#: exit: 1
# sys.exit(object) prints its str
import sys

class Reason:
    def __str__(self):
        return "a reason of its own"

sys.exit(Reason())
