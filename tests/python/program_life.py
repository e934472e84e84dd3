# A small program of several parts: the game of life, a text adventure's parser, prime numbers, a spelling checker, matrices
from collections import Counter
from itertools import product

def step(cells):
    near = Counter((x + dx, y + dy) for x, y in cells for dx, dy in product((-1, 0, 1), repeat=2) if dx or dy)
    return {cell for cell, count in near.items() if count == 3 or count == 2 and cell in cells}

def show(cells, size):
    for y in range(size):
        print("".join("#" if (x, y) in cells else "." for x in range(size)))
    print()

glider = {(1, 0), (2, 1), (0, 2), (1, 2), (2, 2)}
for _ in range(3):
    show(glider, 6)
    glider = step(step(glider))

def primes(limit):
    sieve = bytearray([1]) * (limit + 1)
    sieve[:2] = b"\0\0"
    for number in range(2, int(limit ** 0.5) + 1):
        if sieve[number]:
            sieve[number * number :: number] = bytes(len(range(number * number, limit + 1, number)))
    return [number for number, is_prime in enumerate(sieve) if is_prime]

print(len(primes(100_000)), primes(100_000)[-3:], sum(primes(1000)))

def queens(n, row=0, columns=(), left=(), right=()):
    if row == n:
        yield columns
        return
    for column in range(n):
        if column not in columns and row + column not in left and row - column not in right:
            yield from queens(n, row + 1, (*columns, column), (*left, row + column), (*right, row - column))

print(next(queens(8)), sum(1 for _ in queens(6)))

def edits(word):
    splits = [(word[:i], word[i:]) for i in range(len(word) + 1)]
    letters = "abcdefghijklmnopqrstuvwxyz"
    return {a + b[1:] for a, b in splits if b} | {a + b[1] + b[0] + b[2:] for a, b in splits if len(b) > 1} | {a + c + b[1:] for a, b in splits if b for c in letters} | {a + c + b for a, b in splits for c in letters}

dictionary = Counter("the spelling of a word is checked against the words that the text has".split())
print(sorted(edits("wrod") & dictionary.keys()), max(edits("teh") & dictionary.keys(), key=dictionary.get), len(edits("something")))

def multiply(a, b):
    return [[sum(x * y for x, y in zip(row, column)) for column in zip(*b)] for row in a]

def power(matrix, n):
    result = [[int(i == j) for j in range(len(matrix))] for i in range(len(matrix))]
    while n:
        if n & 1:
            result = multiply(result, matrix)
        matrix, n = multiply(matrix, matrix), n >> 1
    return result

print(power([[1, 1], [1, 0]], 300)[0][1])

def tokens(text):
    number = ""
    for char in text + " ":
        if char.isdigit() or char == ".":
            number += char
            continue
        if number:
            yield float(number)
            number = ""
        if not char.isspace():
            yield char

def calculate(text):
    stream = [*tokens(text), None]
    def expression():
        value = term()
        while stream[0] in ("+", "-"):
            value = value + term() if stream.pop(0) == "+" else value - term()
        return value
    def term():
        value = factor()
        while stream[0] in ("*", "/"):
            value = value * factor() if stream.pop(0) == "*" else value / factor()
        return value
    def factor():
        token = stream.pop(0)
        if token == "(":
            value = expression()
            stream.pop(0)
            return value
        return -factor() if token == "-" else token
    return expression()

for formula in ("1 + 2 * 3", "(1 + 2) * -3 / 4", "2 * (3 + (4 - 1)) - 0.5"):
    print(formula, "=", calculate(formula))
