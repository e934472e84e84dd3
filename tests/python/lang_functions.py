# Functions: arguments of every kind, closures, decorators, defaults, scopes, and the texts of wrong calls
import functools
import inspect

def everything(a, /, b, c=3, *rest, d, e=5, **more):
    """Takes everything."""
    return a, b, c, rest, d, e, more

print(everything(1, 2, d=4), everything(1, *[2, 3, 4], d=4, **{"a": 5, "x": 6}), inspect.signature(everything), everything.__defaults__, everything.__kwdefaults__, everything.__doc__, everything.__name__, everything.__code__.co_varnames)
for call in ("everything()", "everything(1)", "everything(1, 2)", "everything(1, 2, d=4, b=3)", "everything(1, b=2, d=3, a=9)", "(lambda x: x)()", "(lambda: 1)(2)", "(lambda a, b=1: 1)(1, 2, 3)", "(lambda *, k: 1)()", "(lambda *, k, j: 1)()", "(lambda a, /: 1)(a=1)", "(lambda: 1)(x=1)",
             "everything(*5)", "everything(**5)", "everything(**{1: 2})", "everything(1, **{'d': 1}, **{'d': 2})", "len()", "len(1, 2)", "len(5)", "print(sepp='')", "int('5', bas=3)", "'x'.split(1)", "[].append()", "5()", "None.x()", "{}.get()", "'a'.join([1])", "'%s %s' % 1", "'{} {}'.format(1)", "open()", "range('a')", "sorted([1, 'a'])", "max([])", "'abc'[5]", "[1][2]", "{}['k']", "{[]: 1}", "().index(1)", "[].remove(1)", "[].pop()", "'a' + 1", "1 + 'a'", "-'a'", "[] < 5", "not_defined", "int([])", "chr(-1)", "ord('ab')", "'ab'.index('c')", "set().pop()", "next(iter([]))", "dict([1])", "__import__('nothing')", "type('A', (5,), {})", "super().x", "bytes('a')", "isinstance(1, 'a')", "issubclass(1, int)", "zip([1], [1, 2], strict=True).__next__()", "list(zip([1], [1, 2], strict=True))", "f'{1:zz}'", "format('a', 'd')", "round('a')", "abs('a')", "sum(['a'])", "hash([])", "iter(5)", "reversed({1})", "divmod(1, 0)", "memoryview(5)", "getattr(5, 'x')", "delattr(5, 'real')", "vars(5)", "slice()", "[1, 2, 3][::0]", "compile('', '', 'x')", "eval('1 1')", "exec('x =')", "globals().x"):
    try:
        print(call, "->", eval(call))
    except Exception as error:
        print(call, "->", type(error).__name__, error)

def counter():
    count = 0
    def increment(by=1):
        nonlocal count
        count += by
        return count
    return increment

one, two = counter(), counter()
print(one(), one(5), two(), one.__closure__[0].cell_contents, [f() for f in [lambda n=n: n for n in range(3)]], [f() for f in [lambda: n for n in range(3)]])

def twice(times):
    def decorate(function):
        @functools.wraps(function)
        def wrapper(*arguments, **named):
            return [function(*arguments, **named) for _ in range(times)]
        return wrapper
    return decorate

@twice(2)
@functools.lru_cache
def cached(n):
    """The docstring survives."""
    print("computing", n)
    return n * n

print(cached(3), cached.__doc__, cached.__wrapped__.cache_info(), functools.partial(int, base=2)("101"), functools.reduce(lambda a, b: a * b, range(1, 6)))

def default(item, items=[]):
    items.append(item)
    return items

print(default(1), default(2), (lambda *a, **k: (a, k))(1, x=2), (a := 5) + a, [b := 1, b + 1])

@functools.singledispatch
def kind(value): return "object"
@kind.register
def _(value: int): return "int"
@kind.register(list | tuple)
def _(value): return "sequence"
print(kind(1), kind(True), kind([]), kind(()), kind("x"))

def scopes():
    try:
        print(later)
        later = 1
    except UnboundLocalError as error:
        print(error)
    del_me = 1
    del del_me
    try:
        del_me
    except UnboundLocalError as error:
        print(error)
    exec("inner = 5")
    return sorted(locals())

print(scopes())
first, *middle, last = "abcde"
print(first, middle, last)
try:
    first, second = "abc"
except ValueError as error:
    print(error)
try:
    first, second, *rest = "a"
except ValueError as error:
    print(error)
