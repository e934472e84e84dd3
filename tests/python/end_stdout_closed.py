# Standard output that the script has closed or taken away
import sys

print("before")
sys.stdout.close()
try:
    print("into a closed file")
except ValueError as error:
    print(error, file=sys.stderr)
sys.stdout = None
print("to nobody")
