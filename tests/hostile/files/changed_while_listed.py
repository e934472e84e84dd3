#: what: Adds and removes names while it lists them, with many listings open at once.
#: expect: exited 0
#: stdout: contained
import os

os.mkdir("d")
for number in range(500):
    open(f"d/keep{number}", "w").close()
listings = [os.scandir("d") for _ in range(20)]
seen = [set() for _ in listings]
for number in range(3000):
    open(f"d/new{number}", "w").close()
    if number % 3 == 0:
        os.remove(f"d/new{number}")
    which = number % len(listings)
    for _, entry in zip(range(40), listings[which]):
        assert entry.name not in seen[which], entry.name
        seen[which].add(entry.name)
for names, listing in zip(seen, listings):
    names.update(entry.name for entry in listing)
    assert sum(name.startswith("keep") for name in names) == 500
print("contained")
