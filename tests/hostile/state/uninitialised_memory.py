#: what: Looks for the remains of other runs in memory that was never written.
#: expect: exited 0
#: stdout: contained
#: memory: 256
needle = b"can" + b"ary" + b"can" + b"ary"
hits = 0
for size in (100, 4_000, 70_000, 1 << 20, 20 << 20):
    for _ in range(5):
        block = bytearray()
        block.extend(bytes(size))
        block.clear()
        hits += bytes(bytearray(size)).count(needle)
assert hits == 0
print("contained")
