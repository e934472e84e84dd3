#: exit: 3
# sys.exit(int)
import sys

print("before", file=sys.stderr)
print("no newline at the end", end="")
sys.exit(3)
