#: exit: 6
# exit() and quit() of site; they close standard input first
import sys

try:
    exit("text")
except SystemExit as stop:
    print(repr(stop.code), sys.stdin.closed)
quit(6)
