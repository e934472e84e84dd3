"""First scripts, run by guest/start.c before the snapshot the way every later script is run.

They do what short scripts do, so that what the interpreter learns on the way (inline caches, method caches, interned
names, compiled patterns) is in the snapshot: a later script finds it there and writes less memory.
They must not draw random names, open sockets or a database, or ask for the time: see draw_again in guest/script.c.
"""
import io
import linecache
import logging
import os
import sys

LAST_LINE = "the last line of the warm-up"

SHORT = '''
print("hello")
'''

LONG = '''
import collections, dataclasses, enum, functools, itertools, json, math, os, re, string, sys, textwrap, typing

print("hello")
print("several", 1, 2.5, None, True, [1, 2], (3,), {"a": 1}, {4}, sep=", ", end="!\\n")
print()

def greet(name, greeting="hello", *rest, mark="!", **more):
    """Says hello."""
    return f"{greeting}, {name}{mark} {len(rest):>3} {more!r}"

for i in range(30):
    text = greet("world", mark="?", a=i)
    print(f"{i:02d} {i / 7:.3f} {text!s:<20}")

class Shape:
    count = 0

    def __init__(self, name):
        self.name = name
        Shape.count += 1

    @property
    def area(self):
        return 0

    def __repr__(self):
        return f"{type(self).__name__}({self.name!r})"

class Square(Shape):
    def __init__(self, side):
        super().__init__("square")
        self.side = side

    @property
    def area(self):
        return self.side ** 2

    def __eq__(self, other):
        return isinstance(other, Square) and self.side == other.side

    def __hash__(self):
        return hash(self.side)

shapes = [Square(n) for n in range(20)]
print(shapes[:3], sum(shape.area for shape in shapes), max(shapes, key=lambda shape: shape.area))

@dataclasses.dataclass
class Point:
    x: int
    y: int = 0

class Colour(enum.Enum):
    RED = 1
    BLUE = 2

print(Point(1, 2), Point(1) == Point(1), Colour.RED, list(Colour))

words = "the quick brown fox jumps over the lazy dog".split()
lengths = {word: len(word) for word in words}
for word, length in sorted(lengths.items(), key=lambda item: (-item[1], item[0])):
    print(word.title().center(12, "."), length, word.upper(), word[::-1], word.replace("o", "0"))
unique = set(words) | {"cat"}
print(", ".join(sorted(unique)), "fox" in unique, words.index("fox"), words.count("the"))
numbers = [x * x for x in range(50) if x % 2]
numbers.append(1); numbers.extend([3, 2]); numbers.sort(reverse=True); numbers.pop(); numbers.insert(0, 5)
print(numbers[:5], sum(numbers), min(numbers), sorted(numbers)[0], any(numbers), all(numbers))
head, *tail = numbers
matrix = [[row * column for column in range(5)] for row in range(5)]
print(list(zip(*matrix))[1], list(enumerate("abc")), list(map(str, range(3))), divmod(17, 5), 2 ** 100, 7 // 2, -7 % 3)
counter = collections.Counter("mississippi")
groups = collections.defaultdict(list)
for letter, number in counter.most_common():
    groups[number].append(letter)
print(dict(groups), collections.deque([1, 2, 3], maxlen=2), collections.namedtuple("Pair", "a b")(1, 2))

def primes():
    found = []
    for candidate in itertools.count(2):
        if all(candidate % prime for prime in found):
            found.append(candidate)
            yield candidate

print(list(itertools.islice(primes(), 15)))

@functools.lru_cache(maxsize=None)
def fibonacci(n):
    return n if n < 2 else fibonacci(n - 1) + fibonacci(n - 2)

print(fibonacci(30), math.pi, math.sqrt(2), math.factorial(20), round(2.675, 2), abs(-3), int("42"), float("1.5"))
print(json.loads(json.dumps({"a": [1, 2.5, None, True], "b": {"c": "text"}}, indent=2)), json.dumps([1, {"x": "y"}]))
print(re.sub(r"(\\w+)@(\\w+)\\.com", r"\\1 at \\2", "mail me@example.com"), re.findall(r"\\d+", "1 22 333"))
print(textwrap.dedent("  x").strip(), string.ascii_lowercase, "%s is %d" % ("x", 3), "{} {name}".format(1, name="n"))
print(b"bytes".decode(), "text".encode("utf-8").hex(), bin(10), hex(255), ord("a"), chr(97), "a,b".split(","))

for mistake in (lambda: 1 / 0, lambda: int("x"), lambda: {}["missing"], lambda: [][1], lambda: None.x, lambda: "a" + 1):
    try:
        mistake()
    except (ZeroDivisionError, ValueError) as error:
        print(type(error).__name__, error)
    except LookupError as error:
        print(repr(error))
    except Exception as error:
        print("other", error)
    finally:
        i += 1

while True:
    i -= 1
    if i < 3:
        break
    elif i == 4:
        continue

with open(__file__) as source:
    print(len(source.read().splitlines()))
with open("warmup.txt", "w") as file:
    file.write("a line\\n")
os.remove("warmup.txt")
match i:
    case 0 | 1:
        print("small")
    case int(n):
        print("number", n)
total: typing.Optional[int] = None
total = i if (n := len(words)) > 3 else n
print("to stderr", file=sys.stderr)
if __name__ == "__main__":
    def outer():
        return inner()
    def inner():
        raise ValueError("the last line of the warm-up")
    outer()
'''

SCRIPTS = {"long.py": LONG, "short.py": SHORT}


def write_scripts():
    for name, script in SCRIPTS.items():
        with open(name, "w") as file:
            file.write(script)


def remove_scripts():
    for name in SCRIPTS:
        os.remove(name)


def before():
    """The script's output goes nowhere, on the way that it would take."""
    global output, errors
    linecache.clearcache()
    sys.stdout = output = stream()
    sys.stderr = errors = stream()


def stream():
    return io.TextIOWrapper(io.BytesIO(), encoding="utf-8", errors="surrogateescape", line_buffering=True)


def after():
    written, complained = (file.buffer.getvalue().decode() for file in (output, errors))
    logging.shutdown()
    if "hello" not in written or "Traceback" in complained and LAST_LINE not in complained:
        raise RuntimeError(f"the warm-up went wrong: {written} {complained}")
