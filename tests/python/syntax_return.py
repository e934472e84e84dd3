#: exit: 1
# What only the compiler finds: return outside a function
for i in range(3):
    return i
