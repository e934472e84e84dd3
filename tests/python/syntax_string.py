#: exit: 1
# A string that does not end, with wide characters before the caret
print("漢字 🐍 é" + 'open
