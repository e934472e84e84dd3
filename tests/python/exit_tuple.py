#: exit: 1
# The arguments of SystemExit beyond the first make a tuple
raise SystemExit("first", 2)
