#: exit: 1
# A script that does not compile does not start
print("never")

def function(:
    pass
