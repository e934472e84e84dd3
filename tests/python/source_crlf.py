# Line ends of other systems
print("one")
if True:
    print("""two
three""".encode())
