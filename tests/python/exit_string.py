#: exit: 1
# sys.exit(str) prints it on stderr and is 1
import sys

print("out")
sys.exit("could not go on: é 🐍")
