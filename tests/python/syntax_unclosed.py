#: exit: 1
# The end comes too early
values = {"a": [1, 2,
print(values)
