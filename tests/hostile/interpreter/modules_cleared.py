#: what: Empties sys.modules and then wants to import.
#: expect: exited 0
import sys

sys.modules.clear()
try:
    import json
except BaseException as error:
    print(type(error))
print("goes on")
