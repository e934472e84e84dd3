#: what: Generates functions with more arguments, names, constants, labels and lines than anybody needs.
#: expect: exited 0
#: stdout: contained
#: timeout: 10
n = 3_000
sources = (
    "def f(" + ",".join(f"a{i}" for i in range(n)) + "): pass",
    "f(" + ",".join(f"a{i}=1" for i in range(n)) + ")",
    "x = (" + ",".join(str(i) for i in range(n)) + ")",
    "\n".join(f"if x == {i}: pass" for i in range(n)),
    "\n".join(f"x{i} = {i}" for i in range(n)),
    "match x:\n" + "\n".join(f"    case {i}: pass" for i in range(n)),
    "def f():\n" + "\n".join(f"    x{i} = 1" for i in range(n)) + "\n    return lambda: (" + ",".join(f"x{i}" for i in range(n)) + ")",
    "\\\n" * n + "1",
    "f'" + "{x}" * n + "'",
    "x" * 3_000_000 + " = 1",
    "#" * 5_000_000,
    "\n" * 5_000_000 + "1",
    "'" + "\\N{SNAKE}" * n + "'",
    "0x" + "f" * 1_000_000,
    ";".join("pass" for _ in range(n)),
)
for source in sources:
    try:
        compile(source, "many", "exec")
    except (SyntaxError, MemoryError, OverflowError, RecursionError):
        pass
print("contained")
