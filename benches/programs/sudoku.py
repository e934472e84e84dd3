"""Sudoku by propagation and search: sets of strings, dictionaries, recursion."""
import time

ROUNDS = 3
ROWS, COLUMNS, DIGITS = "ABCDEFGHI", "123456789", "123456789"
SQUARES = [row + column for row in ROWS for column in COLUMNS]
UNITS = ([[row + column for row in ROWS] for column in COLUMNS] + [[row + column for column in COLUMNS] for row in ROWS]
         + [[row + column for row in rows for column in columns] for rows in ("ABC", "DEF", "GHI") for columns in ("123", "456", "789")])
UNITS_OF = {square: [unit for unit in UNITS if square in unit] for square in SQUARES}
PEERS = {square: sorted({other for unit in UNITS_OF[square] for other in unit} - {square}) for square in SQUARES}
PUZZLES = [
    "4.....8.5.3..........7......2.....6.....8.4......1.......6.3.7.5..2.....1.4......",
    "..............3.85..1.2.......5.7.....4...1...9.......5......73..2.1........4...9",
    "52...6.........7.13...........4..8..6......5...........418.........3..2...87.....",
    "6.....8.3.4.7.................5.4.7.3..2.....1.6.......2.....5.....8.6......1....",
    "48.3............71.2.......7.5....6....2..8.............1.76...3.....4......5....",
    "....14....3....2...7..........9...3.6.1.............8.2.....1.4....5.6.....7.8...",
]


def assign(values, square, digit):
    return all(eliminate(values, square, other) for other in values[square] if other != digit) and values


def eliminate(values, square, digit):
    if digit not in values[square]:
        return True
    values[square] = values[square].replace(digit, "")
    if not values[square]:
        return False
    if len(values[square]) == 1 and not all(eliminate(values, peer, values[square]) for peer in PEERS[square]):
        return False
    for unit in UNITS_OF[square]:
        places = [other for other in unit if digit in values[other]]
        if not places or len(places) == 1 and not assign(values, places[0], digit):
            return False
    return True


def search(values):
    if not values:
        return None
    open_squares = [square for square in SQUARES if len(values[square]) > 1]
    if not open_squares:
        return values
    square = min(open_squares, key=lambda square: (len(values[square]), square))
    for digit in values[square]:
        if found := search(assign(values.copy(), square, digit)):
            return found
    return None


def solve(puzzle):
    values = dict.fromkeys(SQUARES, DIGITS)
    if all(assign(values, square, digit) for square, digit in zip(SQUARES, puzzle) if digit != "."):
        return search(values)


def main():
    solved = ["".join(solve(puzzle).values()) for puzzle in PUZZLES * ROUNDS]
    return solved[0][:27], sum(int(grid[i * 7 % 81]) for i, grid in enumerate(solved))


begin = time.perf_counter_ns()
value = main()
print("elapsed_ns", time.perf_counter_ns() - begin)
print("check", value)
