#: what: Compiles syntax trees that are built by hand, too deep or with a loop.
#: expect: exited 0
#: timeout: 20
#: stdout: contained
import ast

node = ast.Constant(1)
for _ in range(100_000):
    node = ast.UnaryOp(ast.USub(), node)
deep = ast.fix_missing_locations(ast.Expression(ast.Constant(1)))
deep.body = node
loop = ast.UnaryOp(ast.USub(), None, lineno=1, col_offset=0)
loop.operand = loop
for tree in (deep, ast.Expression(loop)):
    for use in (lambda: compile(tree, "tree", "eval"), lambda: ast.unparse(tree), lambda: ast.dump(tree)):
        try:
            use()
        except (RecursionError, TypeError, ValueError, AttributeError):
            continue
        raise SystemExit("went through")
print("contained")
