#: what: Pickles a deep list, and loads pickles that nest and refer to themselves.
#: expect: exited 0
#: stdout: contained
import pickle

nested = []
for _ in range(100_000):
    nested = [nested]
try:
    pickle.dumps(nested)
except RecursionError:
    pass
else:
    raise SystemExit("pickled")
deep = pickle.loads(b"(" * 100_000 + b"t" * 100_000 + b".")
assert len(deep) == 1
try:
    pickle.loads(b"cbuiltins\nrepr\n(]q\x00h\x00ah\x00atR.")
except TypeError:
    pass
print("contained")
