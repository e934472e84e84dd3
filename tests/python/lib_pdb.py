#: stdin: p total\nnext\np total\nargs\nlist\ntbreak 4\np undefined\n!total += 100\nc\n
# breakpoint(): the debugger reads its commands from standard input
SOURCE = '''def work(numbers):
    total = 0
    for number in numbers:
        total += number
    breakpoint()
    total *= 2
    return total

print(work([1, 2, 3]))
'''
import linecache

linecache.cache["<debugged>"] = len(SOURCE), None, SOURCE.splitlines(keepends=True), "<debugged>"
exec(compile(SOURCE, "<debugged>", "exec"))
