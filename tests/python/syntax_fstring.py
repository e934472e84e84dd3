#: exit: 1
# A mistake inside an f-string
name = "x"
print(f"{name!r} and {name +} or")
