#: what: Reads and writes JSON that is nested a hundred thousand deep.
#: expect: exited 0
#: stdout: contained
import json

nested = []
for _ in range(50_000):
    nested = [nested]
for attempt in (
    lambda: json.loads("[" * 100_000),
    lambda: json.loads('{"a":' * 100_000),
    lambda: json.loads("[" * 100_000 + "]" * 100_000),
    lambda: json.dumps(nested),
    lambda: json.dumps(nested, indent=1),
):
    try:
        attempt()
    except (RecursionError, ValueError, MemoryError):
        continue
    raise SystemExit("went through")
print("contained")
