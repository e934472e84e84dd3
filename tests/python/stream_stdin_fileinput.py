#: stdin: one\ntwo\n
# fileinput, select of standard input by way of open(0), and os.read
import fileinput
import os

for line in fileinput.input(encoding="utf-8"):
    print(fileinput.filename(), fileinput.lineno(), line.rstrip())
print(os.read(0, 10), open(0, closefd=False).read() == "")
