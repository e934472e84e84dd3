#: what: Compiles a regular expression that is huge when it is written out.
#: expect: exited 1
#: stderr: Error
import re

pattern = "(?:" + "|".join(f"{n:x}[a-z0-9]{{1,{n}}}" for n in range(1, 4_000)) + ")"
re.compile("".join(f"(?P<g{n}>{pattern})" for n in range(1000)))
