#: exit: 120
# A flush of standard output that fails at the end: reported once, and the exit code says it
import sys

reported = sys.stderr.write
sys.unraisablehook = lambda args: reported(f"unraisable: {args.exc_value!r}\n")

class Broken:
    closed = False

    def write(self, text):
        return len(text)

    def flush(self):
        raise OSError("cannot flush")

sys.stdout = Broken()
print("lost")
