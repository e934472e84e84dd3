# No standard input at all
import sys

print(repr(sys.stdin.read()), list(sys.stdin), sys.stdin.buffer.read(10))
try:
    input()
except EOFError as error:
    print(error)
