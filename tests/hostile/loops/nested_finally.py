#: what: Nests finally blocks, whose code the compiler copies twice at every level.
#: expect: exited 1
#: stderr: MemoryError
source = ""
for depth in range(19):
    source += " " * depth + "try: pass\n" + " " * depth + "finally:\n"
source += " " * 19 + "pass\n"
compile(source, "nested", "exec")
