#: what: Nests types, unions and aliases without an end and prints them.
#: expect: exited 1
#: stderr: RecursionError
import types

alias = list
for _ in range(100_000):
    alias = types.GenericAlias(list, (alias,))
repr(alias)
