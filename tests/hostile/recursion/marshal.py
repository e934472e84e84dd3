#: what: Loads and dumps marshalled tuples that are nested without an end.
#: expect: exited 0
#: stdout: contained
import marshal

nested = ()
for _ in range(100_000):
    nested = (nested,)
for attempt in (lambda: marshal.loads(b")\x01" * 1_000_000), lambda: marshal.dumps(nested), lambda: marshal.loads(b"[\x01\0\0\0" * 100_000)):
    try:
        attempt()
    except (ValueError, EOFError, TypeError):
        continue
    raise SystemExit("went through")
print("contained")
