#: stdin: first\nsecond\r\nthird\n\nlast
# Iteration over standard input, and what is left after readline
import sys

print(repr(sys.stdin.readline()), repr(sys.stdin.read(3)), sys.stdin.readable(), sys.stdin.seekable(), sys.stdin.writable())
for number, line in enumerate(sys.stdin):
    print(number, repr(line))
print(repr(sys.stdin.read()), repr(sys.stdin.readline()), sys.stdin.readlines())
