#: what: Sets the streams to None and raises.
#: expect: exited 1
import sys

sys.stdout = sys.stderr = sys.stdin = sys.__stdout__ = sys.__stderr__ = None
print("into nothing")
raise ValueError
