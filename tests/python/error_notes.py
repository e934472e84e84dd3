#: exit: 1
# Notes of an exception, of several lines and odd types
error = ValueError("first line\nsecond line")
error.add_note("a note")
error.add_note("a note\nof two lines\n")
error.add_note("")
print(error.__notes__)
try:
    error.add_note(5)
except TypeError as refused:
    print(refused)
error.__notes__.append(7)
raise error
