#: exit: 2
# SystemExit passes through generators and context managers like any exception
import contextlib
import sys

@contextlib.contextmanager
def manager():
    try:
        yield
    except SystemExit as stop:
        print("manager saw", stop.code)
        raise

def generator():
    try:
        yield 1
        sys.exit(2)
    finally:
        print("generator cleans up")

with manager():
    for item in generator():
        print(item)
