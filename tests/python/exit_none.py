# sys.exit() without a code is success; what follows does not run.
import sys

print("before")
sys.exit()
print("never")
