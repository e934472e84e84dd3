#: what: Replaces the code of frozen library functions that run at the end of every script.
#: expect: exited 0
import codecs
import io
import threading
import weakref


def evil(*_, **__):
    raise SystemError("evil")


for function in (threading._shutdown, codecs.getincrementalencoder, weakref.WeakSet.add, threading.main_thread):
    try:
        function.__code__ = evil.__code__
    except (ValueError, AttributeError, TypeError):
        pass
io.TextIOWrapper = evil
print("goes on")
