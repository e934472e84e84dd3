#: what: Compiles a generated program of tens of mebibytes.
#: expect: exited 1
#: stderr: MemoryError
exec("x = 1; y = [x, x]\n" * 2_000_000)
