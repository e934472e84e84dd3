# Objects that a module of the library holds live until the end too
import functools
import sys

class Kept:
    def __del__(self):
        sys.stdout.write("finalizer of what a cache holds\n")

@functools.cache
def make():
    return Kept()

make()
print("end")
