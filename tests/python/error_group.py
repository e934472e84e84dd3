#: exit: 1
# Exception groups: nested, split by except*, and uncaught
def fail(kind, text):
    try:
        raise kind(text)
    except kind as error:
        error.add_note(f"note of {text}")
        return error

def group():
    inner = ExceptionGroup("inner", [fail(TypeError, "a type"), fail(KeyError, "a key")])
    return ExceptionGroup("outer", [fail(ValueError, "a value"), inner, fail(OSError, "a file")])

try:
    raise group()
except* ValueError as values:
    print("values", values.exceptions)
except* LookupError as keys:
    print("keys", keys)
except* (TypeError, OSError) as others:
    print("others", others)

print(group().subgroup(TypeError), group().split(OSError)[1].exceptions)
try:
    raise group()
except* TypeError:
    raise RuntimeError("while handling")
