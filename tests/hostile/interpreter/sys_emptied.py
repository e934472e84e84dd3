#: what: Empties sys, standard streams and hooks included.
#: expect: exited 1
import sys

vars(sys).clear()
raise ValueError("who prints this?")
