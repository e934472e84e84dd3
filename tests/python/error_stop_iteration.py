#: exit: 1
# StopIteration inside a generator, a generator that ignores its end, and a coroutine that nobody awaits
import warnings

def broken():
    yield 1
    raise StopIteration("inside")

try:
    list(broken())
except RuntimeError as error:
    print(error, repr(error.__cause__))

def stubborn():
    try:
        yield 1
    except GeneratorExit:
        yield 2

generator = stubborn()
next(generator)
try:
    generator.close()
except RuntimeError as error:
    print(error)

async def forgotten():
    pass

forgotten()
next(iter([]))
