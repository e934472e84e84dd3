#: stdin: \x00\x01\xfe\xff bytes\r\nmore\n\xc3\xa9
# Standard input as bytes
import sys

print(sys.stdin.buffer.read(4), sys.stdin.buffer.peek(1)[:1], sys.stdin.buffer.readline())
view = bytearray(4)
print(sys.stdin.buffer.readinto(view), view, sys.stdin.buffer.read(), sys.stdin.buffer.read())
