# The traceback module: print_exc, format_tb, print_stack, StackSummary, limits, locals
import traceback

def one(value):
    local = value * 2
    return two(local)

def two(value):
    traceback.print_stack()
    raise ValueError(f"bad {value}")

try:
    one(21)
except ValueError as error:
    traceback.print_exc()
    traceback.print_exc(limit=1)
    traceback.print_exception(error, limit=-1)
    print("".join(traceback.format_tb(error.__traceback__)), end="")
    print(traceback.format_exception_only(error))
    for frame in traceback.extract_tb(error.__traceback__):
        print(frame.filename, frame.lineno, frame.name, frame.line, frame.colno, frame.end_colno)
    summary = traceback.TracebackException.from_exception(error, capture_locals=True)
    print([frame.locals.get("local") for frame in summary.stack[1:]], summary.exc_type_str, str(summary))

exec(compile("def text():\n    raise KeyError('no source')\n", "<string>", "exec"))
try:
    text()
except KeyError:
    traceback.print_exc()
try:
    eval("1 +* 2")
except SyntaxError:
    traceback.print_exc()
