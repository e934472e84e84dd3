#: exit: 1
# Exceptions that follow from others: cause, context, and a context that is hidden
def lookup(table, key):
    try:
        return table[key]
    except KeyError as error:
        raise ValueError(f"no such key: {key!r}") from error

def convert(text):
    try:
        return int(text)
    except ValueError:
        return text.undefined

def hide():
    try:
        1 / 0
    except ZeroDivisionError:
        raise RuntimeError("the cause is nobody's business") from None

import traceback

for call in (lambda: lookup({}, "a"), lambda: convert("x"), hide):
    try:
        call()
    except Exception:
        traceback.print_exc()
try:
    lookup({}, "b")
except ValueError:
    convert("y")
