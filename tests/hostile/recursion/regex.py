#: what: Compiles and matches regular expressions of deeply nested groups.
#: expect: exited 0
#: stdout: contained
import re

for pattern in ("(" * 50_000 + ")" * 50_000, "(?:" * 50_000 + ")" * 50_000, "(?=" * 50_000 + ")" * 50_000, "[" * 50_000):
    try:
        re.compile(pattern)
    except (RecursionError, re.error, OverflowError):
        continue
    raise SystemExit("compiled")
re.fullmatch(r"(?:a|b)*", "ab" * 500_000)
re.fullmatch(r"(?:(?:a|b)|c)*?", "ab" * 100_000)
print("contained")
