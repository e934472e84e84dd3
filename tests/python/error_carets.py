#: exit: 1
# Where the carets point: binary operators, subscripts, calls, attributes, wide characters, several lines
import traceback

a = {"x": {"y": None}}
überlänge = "🐍" * 3

def binary():
    return 1 + 2 + (3 * 4) + "5" + 6

def subscript():
    return a["x"]["y"]["z"]

def call():
    return print(len(str(5)), max(), sep="")

def attribute():
    return a["x"].get("y").upper().lower()

def wide():
    return "漢字かな" + überlänge + 5 + "é"

def several():
    return dict(
        first=1,
        second=int(
            "not a number",
        ),
    )

def tabs():
	return		(	1		/	0	)

def comparison():
    return 1 < 2 < "3" < 4

def whole():
    raise ValueError("the whole line has no carets")

def long():
    return [value for group in [[1, 2, 3], [4, 5, 6], [7, 8, 9]] for value in group if value % (value - value) == 0 and value > 0]

for function in (binary, subscript, call, attribute, wide, several, tabs, comparison, whole, long):
    try:
        function()
    except Exception:
        traceback.print_exc()
assert (lambda value: value)(False), "an assertion"
