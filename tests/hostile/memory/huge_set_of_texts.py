#: what: Interns ever new texts, which the interpreter keeps.
#: expect: exited 1
#: stderr: MemoryError
import itertools
import sys

kept = [sys.intern(f"name_{number}" * 20) for number in itertools.count()]
