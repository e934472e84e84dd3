# inspect, ast, dis, tokenize, symtable, linecache: a script that looks at itself
import ast
import dis
import inspect
import io
import linecache
import symtable
import sys
import tokenize

def example(a: int, *, b="x") -> str:
    """Says something.

        Indented.
    """
    # a comment
    return f"{a}{b}"

class Thing:
    attribute = 1

    def method(self):
        return inspect.currentframe().f_lineno

    @property
    def prop(self):
        return inspect.stack()[1].function

print(inspect.getsource(example), inspect.getsource(Thing.method), inspect.getsourcelines(Thing)[1], inspect.getdoc(example))
print(inspect.getfile(example) == __file__, inspect.getsourcefile(Thing) == __file__, inspect.getmodule(example).__name__, inspect.getcomments(example), Thing().method(), Thing().prop)
print(inspect.signature(example), [name for name, _ in inspect.getmembers(Thing) if not name.startswith("_")], inspect.isfunction(example), inspect.getfullargspec(example).kwonlydefaults, inspect.signature(example).bind(1).arguments)
print(linecache.getline(__file__, 2), repr(linecache.getline("nothing", 1)), linecache.getline(inspect.__file__, 1), inspect.getsource(inspect.isclass).splitlines()[0])
print(ast.dump(ast.parse("x: int = f(a, *b)[1:2]"), indent=1), ast.unparse(ast.parse("if a:\n  b=1;c=(2,)\nelse: pass")), ast.literal_eval("{'a': [1, -2.5, (None, True)], 'b': {1}}"))
try:
    ast.literal_eval("f()")
except ValueError as error:
    print(str(error).split(" on line")[0])
class Doubler(ast.NodeTransformer):
    def visit_Constant(self, node):
        return ast.copy_location(ast.Constant(node.value * 2), node)
print(eval(compile(ast.fix_missing_locations(Doubler().visit(ast.parse("3 + 4", mode="eval"))), "<ast>", "eval")))
print([instruction.opname for instruction in dis.get_instructions(lambda x: x + 1)][:6], dis.opmap["RETURN_VALUE"] > 0, example.__code__.co_consts[0][:5], example.__code__.co_firstlineno)
print([(tokenize.tok_name[token.type], token.string) for token in tokenize.generate_tokens(io.StringIO("x = f'{a!r}' # c\n").readline)])
table = symtable.symtable("def f(a):\n  global g\n  return a + g + h", "<table>", "exec").get_children()[0]
print(sorted((symbol.get_name(), symbol.is_global(), symbol.is_parameter()) for symbol in table.get_symbols()))
lines = []
def trace(frame, event, argument):
    if frame.f_code is traced.__code__:
        lines.append((event, frame.f_lineno - frame.f_code.co_firstlineno))
        return trace
def traced(n):
    total = 0
    for i in range(n):
        total += i
    return total
sys.settrace(trace)
traced(1)
sys.settrace(None)
print(lines, sys._getframe().f_code.co_name, sys._getframe().f_code.co_filename == __file__)
