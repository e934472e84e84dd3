#: what: Parses parentheses, minus signs, lambdas and calls nested very deep.
#: expect: exited 0
#: stdout: contained
depth = 100_000
sources = (
    "(" * depth + ")" * depth,
    "-" * depth + "1",
    "not " * depth + "1",
    "lambda:" * depth + "1",
    "f(" * depth + ")" * depth,
    "x[" * depth + "]" * depth,
    "{1:" * depth + "1" + "}" * depth,
    "1 if 1 else " * depth + "1",
    "1**" * depth + "1",
    "await " * depth + "x",
    "f'{" * depth + "1" + "}'" * depth,
    "x = " * depth + "1",
    "*" * depth + "x",
    "(yield " * depth + ")" * depth,
)
for source in sources:
    try:
        compile(source, "deep", "exec")
    except (SyntaxError, MemoryError, RecursionError):
        continue
    assert source.startswith("x = "), source[:20]
print("contained")
