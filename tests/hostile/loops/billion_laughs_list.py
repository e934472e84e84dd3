#: what: Prints a list of lists of lists in which everything is doubled forty times.
#: expect: timed out or exited 1
#: timeout: 0.5
bomb = ["ha"]
for _ in range(40):
    bomb = [bomb, bomb]
print(bomb)
