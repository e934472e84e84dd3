#: what: Runs generators inside themselves, throws into them while they close, and never lets them end.
#: expect: exited 0
#: stdout: contained
def inside():
    try:
        next(me)
    except ValueError:
        yield 1


def stubborn():
    while True:
        try:
            yield
        except GeneratorExit:
            pass


me = inside()
assert next(me) == 1
never = stubborn()
next(never)
for attempt in (never.close, lambda: never.throw(GeneratorExit) or never.close(), lambda: never.throw(1)):
    try:
        attempt()
    except (RuntimeError, TypeError):
        pass
del never
frame = (lambda: (yield))().gi_frame
try:
    frame.clear()
except RuntimeError:
    pass
print("contained")
