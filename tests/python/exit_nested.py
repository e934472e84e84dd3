#: exit: 4
# sys.exit can be caught, replaced in a finally block, and raised from a function that is deep down
import sys

def deep(level):
    if level:
        deep(level - 1)
    sys.exit(2)

try:
    deep(5)
except SystemExit as stop:
    print("caught", stop.code, stop.args)
try:
    sys.exit(3)
except Exception:
    print("SystemExit is no Exception")
finally:
    print("finally")
    try:
        sys.exit(1)
    finally:
        sys.exit(4)
