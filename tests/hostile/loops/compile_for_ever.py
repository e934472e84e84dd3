#: what: Keeps the compiler busy with ever new source.
#: expect: timed out
#: timeout: 0.5
import itertools

for number in itertools.count():
    compile(f"x{number} = [" + "lambda: 1, " * 2000 + "]", "generated", "exec")
