#: what: Ends in the middle of a block, a text and a continued line.
#: expect: exited 1
#: stderr: SyntaxError
if 1:
  x = """ \