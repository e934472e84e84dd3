#: exit: 1
# Output of any kind is complete when a script fails, and each stream keeps its order
import sys

sys.stdout.write("text without a newline,")
sys.stdout.buffer.write(b" bytes behind it")
sys.stdout.flush()
sys.stdout.buffer.write(b" bytes first,")
print(" text after them")
sys.stderr.write("error text without a newline")
print("x" * 100_000, len("x" * 100_000))
raise SystemExit(" and the reason to leave")
