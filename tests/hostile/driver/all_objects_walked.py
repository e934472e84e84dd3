#: what: Walks every object of the interpreter, calls what can be called without harm and changes what can be changed.
#: expect: exited 0 or exited 1 or aborted
#: timeout: 10
import gc

for thing in gc.get_objects():
    if isinstance(thing, dict) and thing is not globals() and "__name__" not in thing:
        try:
            thing["evil"] = 1
        except Exception:
            pass
    elif isinstance(thing, list):
        try:
            thing.append(None)
        except Exception:
            pass
