# Reference counting, gc, weakref, contextvars, sys: what a program sees of its own objects
import contextvars
import gc
import sys
import weakref

class Node:
    def __init__(self, name):
        self.name = name
    def __del__(self):
        print("deleted", self.name)

a = Node("a")
reference, proxy = weakref.ref(a, lambda _: print("callback")), weakref.proxy(a)
print(reference() is a, proxy.name, weakref.getweakrefcount(a), sys.getrefcount(a) - 1)
values, keys = weakref.WeakValueDictionary(x=a), weakref.WeakKeyDictionary({a: 1})
finalizer = weakref.finalize(a, print, "finalize")
del a
print(reference(), dict(values), len(keys), finalizer.alive)
try:
    proxy.name
except ReferenceError as error:
    print(error)
one, two = Node("one"), Node("two")
one.other, two.other = two, one
watch = weakref.ref(one)
del one, two
print(watch() is not None, gc.collect() >= 2, watch())
print(gc.isenabled(), gc.get_threshold()[0] > 0, gc.is_tracked([]), gc.is_tracked(1), weakref.WeakMethod(Node("m").__init__)() is None)
class Resurrected:
    def __del__(self):
        global saved
        saved = self
Resurrected()
print(type(saved).__name__, sys.intern("abc") is sys.intern("abc"), (lambda: 1).__code__.co_name, sys.getsizeof([]) > 0)
variable = contextvars.ContextVar("variable", default=0)
context = contextvars.copy_context()
print(context.run(lambda: (variable.set(5), variable.get())[1]), variable.get(), context[variable])
token = variable.set(1)
variable.reset(token)
print(variable.get(), sys.modules["sys"] is sys, sys.exc_info(), sys.gettrace(), sys.maxunicode, sys.hexversion >> 24, sys.api_version, sys.copyright[:13])
for callback in (lambda: weakref.ref(5), lambda: weakref.ref([]), lambda: gc.set_threshold("x"), lambda: sys.setrecursionlimit("x"), lambda: sys.intern(5)):
    try:
        print(callback())
    except TypeError as error:
        print(error)
print("end")
