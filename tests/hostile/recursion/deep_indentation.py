#: what: Indents blocks and nests functions and classes deeper than the compiler likes.
#: expect: exited 0
#: stdout: contained
for head in ("if 1:", "for x in y:", "def f():", "class C:", "with x:", "try:\n{0}pass\n{0}finally:"):
    source = "".join(" " * n + head.format(" " * (n + 1)) + "\n" for n in range(99)) + " " * 99 + "pass\n"
    try:
        compile(source, "deep", "exec")
    except (SyntaxError, RecursionError, MemoryError):
        pass
print("contained")
