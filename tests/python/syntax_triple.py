#: exit: 1
# A triple-quoted string that does not end
text = """no end
print(text)
