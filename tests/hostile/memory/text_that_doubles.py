#: what: Doubles a text until memory ends.
#: expect: exited 1
#: stderr: MemoryError
text = "x"
while True:
    text += text
