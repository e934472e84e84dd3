#: stdin: caf\xe9 \xff\n
# Bytes on standard input that are no UTF-8 survive the way through a str
import os
import sys

line = sys.stdin.readline()
print(ascii(line), os.fsencode(line))
print(ascii(os.fsdecode(b"\xff\xc3\xa9")), "\udcff".encode("utf-8", "surrogateescape"))
try:
    line.encode()
except UnicodeEncodeError as error:
    print(error)
