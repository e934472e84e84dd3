# Context managers: with, ExitStack, suppressing, nesting, exceptions on the way in and out, closing
import contextlib
import sys

class Manager:
    def __init__(self, name, suppress=False, fail=None):
        self.name, self.suppress, self.fail = name, suppress, fail
    def __enter__(self):
        print("enter", self.name)
        if self.fail == "enter":
            raise RuntimeError(f"entering {self.name}")
        return self.name
    def __exit__(self, kind, value, trace):
        print("exit", self.name, kind.__name__ if kind else None, value)
        if self.fail == "exit":
            raise RuntimeError(f"leaving {self.name}")
        return self.suppress

with Manager("a") as a, Manager("b") as b:
    print(a, b)
with (Manager("suppresses", suppress=True), Manager("inner")):
    raise ValueError("inside")
try:
    with Manager("outer"), Manager("fails", fail="enter"):
        print("never")
except RuntimeError as error:
    print(error)
try:
    with Manager("fails", fail="exit"):
        raise ValueError("first")
except RuntimeError as error:
    print(error, "|", repr(error.__context__))
def early():
    with Manager("returns"):
        return "value"
print(early())
for number in range(3):
    with Manager(number):
        if number == 1:
            break
with contextlib.ExitStack() as stack:
    for name in "xy":
        stack.enter_context(Manager(name))
    stack.callback(print, "callback")
    stack.push(lambda kind, value, trace: print("push", kind) or True)
    moved = stack.pop_all()
print("not yet")
moved.close()
@contextlib.contextmanager
def generated(fail=False):
    print("before")
    try:
        yield 1
    except KeyError as error:
        print("handled", error)
    if fail:
        yield 2
with generated() as value:
    raise KeyError("k")
for call in (lambda: generated(True).__enter__() and next(generated(True).gen), lambda: generated().__exit__(None, None, None)):
    try:
        print(call())
    except RuntimeError as error:
        print(error)
@generated()
def decorated():
    print("decorated")
decorated()
for wrong in ("with 5: pass", "with open: pass"):
    try:
        exec(wrong)
    except (TypeError, AttributeError) as error:
        print(type(error).__name__, error)
with contextlib.closing(sys.stdin), contextlib.nullcontext(5) as five, contextlib.chdir("."):
    print(five)
print(sys.stdin.closed)
try:
    try:
        raise ValueError("one")
    finally:
        print("finally")
        try:
            1 / 0
        except ZeroDivisionError:
            print("inside finally")
except ValueError as error:
    print(error, error.__context__)
else:
    print("never")
def finals():
    for i in range(2):
        try:
            return i
        finally:
            continue
    return "after"
print(finals())
