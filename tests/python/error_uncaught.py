#: exit: 1
# An uncaught exception: file name, lines, source and carets; what was printed before stays
def outer(numbers):
    return [inner(number) for number in numbers]

def inner(number):
    return 10 / number + len("é🐍")

class Shop:
    def sell(self, items):
        return sum(
            outer(items)
        )

print("before")
print(Shop().sell([1, 2]))
Shop().sell([5, 0])
