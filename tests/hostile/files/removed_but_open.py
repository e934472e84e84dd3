#: what: Removes and replaces files that it has open, and goes on writing to them without an end in sight.
#: expect: exited 0
#: stdout: contained
#: memory: 128
import os

for number in range(3000):
    with open("ghost", "w+b") as file:
        os.remove("ghost") if number % 2 else os.rename("ghost", "other")
        file.write(b"x" * 100_000)
        file.seek(0)
        assert len(file.read()) == 100_000
print("contained")
