# The texts of many syntax errors, as the compiler says them
import traceback

SNIPPETS = r'''
x = 
if x = 1: pass
f(a b)
f(**a, *b)
f(a=1, 2)
f(a for a in b, c)
def f(a, a): pass
def f(a=1, b): pass
def f(*): pass
lambda: (yield)
class C(: pass
1 = x
f() = 1
None = 1
x + 1 = 2
(a, b): int = 1
del f()
"a" = 1
import a.b as c.d
from . import *, a
from a import (b, c
try: pass
while True print(1)
for x in y z
{1: 2, 3}
{1, 2: 3}
[x for x in]
x = (1, 2
x = 1, 2)
x = [1, 2)
'abc
"""abc
f"{a"
f"{}"
f"{a!x}"
f"{a:{b:{c}}}"
f"}"
0777
1__0
0b12
0xz
1.e
5a
break
continue
return 1
yield 1
await x
async def f(): yield from x
nonlocal x
global x; x = 1; global x
x = 5; global x
def f(): x = 1; global x
def f(x): global x
def f(): nonlocal y
print x
exec "x"
raise a, b
x++
!x
a <> b
a === b
a && b
a ? b : c
x = @
$
\x
"\x4"
"\N{no such name}"
b"é"
u"a" b"b"
match x:
match x: case 1, 1: pass
match x: case a | b: pass
with a as b, c as 1: pass
with open(x) as f() : pass
assert (x, "always") ,
(x := 1) := 2
x := 1
[a := b for a in c]
type X[T, T] = int
def f[T: int, T](): pass
async x
else: pass
elif x: pass
   x = 1
*a
*a = 1
*a, *b = c
a, = *b
not
x is not
x not y
@a.b[
def f() -> : pass
class C: x = yield
...x
__debug__ = 1
from __future__ import nothing
a.True = 1
f(True=1)
f(a=1, a=2)
f(a.b=1)
if True:
try:\n  pass\nexcept:\n  pass\nexcept E:\n  pass
try:\n  pass\nexcept* E:\n  pass\nexcept E:\n  pass
if 1:\n    a\n  b
if 1:\n  a\n    b
def f():\nx
case 1: pass
'''
for snippet in SNIPPETS.strip("\n").split("\n"):
    try:
        compile(snippet.replace("\\n", "\n"), "<snippet>", "exec")
        print("compiles:", snippet)
    except SyntaxError as error:
        print("".join(traceback.format_exception_only(error)), end="")
