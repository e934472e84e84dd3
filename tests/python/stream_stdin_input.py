#: stdin: Ada\n36\n\nlast é 🐍
#: exit: 1
# input(): with and without prompt, empty lines, no newline at the end, end of input
name = input("name? ")
age = int(input())
print(f"{name} is {age}", repr(input("empty: ")), repr(input()))
try:
    input("no more: ")
except EOFError as error:
    print("EOFError:", error)
input("again: ")
