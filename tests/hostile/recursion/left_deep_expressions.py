#: what: Compiles long chains of operators, attributes, calls and comparisons, which become very deep trees.
#: expect: exited 0
#: timeout: 20
#: stdout: contained
depth = 20_000
sources = (
    "1" + "+1" * depth,
    "x" + ".x" * depth,
    "x" + "()" * depth,
    "x" + "[0]" * depth,
    "1" + "<1" * depth,
    "1" + " and 1" * depth,
    "'a'" + "'b'" * depth,
    "1" + "if 1 else 1" * depth,
    "x" + " for x in x" * depth,
    "(" + " for x in x" * depth + ")",
)
for source in sources:
    for mode in ("eval", "exec"):
        try:
            compile(source, "deep", mode)
        except (SyntaxError, MemoryError, RecursionError):
            pass
print("contained")
