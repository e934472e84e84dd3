#: exit: 1
# An unindent that matches nothing
if True:
        print(1)
    print(2)
