"""A fern drawn by a chaos game along a curve: random numbers from integers, splines, a picture of bytes."""
import time

POINTS = 260_000
SIZE = 200
MAPS = [(1, 0.0, 0.0, 0.0, 0.16, 0.0, 0.0), (85, 0.85, 0.04, -0.04, 0.85, 0.0, 1.6), (7, 0.2, -0.26, 0.23, 0.22, 0.0, 1.6), (7, -0.15, 0.28, 0.26, 0.24, 0.0, 0.44)]
KNOTS = [(0.0, 0.0), (0.3, 0.9), (0.7, -0.4), (1.0, 0.2), (1.5, 1.0), (2.0, 0.0)]


class Noise:
    """A generator of its own, so that the sequence is the same everywhere."""

    def __init__(self, seed):
        self.state = seed

    def __iter__(self):
        return self

    def __next__(self):
        self.state = self.state * 1664525 + 1013904223 & 0xFFFFFFFF
        return self.state >> 8


class Spline:
    def __init__(self, knots):
        self.knots = knots

    def __call__(self, t):
        index = min(int(t), len(self.knots) - 2)
        (x1, y1), (x2, y2) = self.knots[index:index + 2]
        t -= index
        smooth = t * t * (3.0 - 2.0 * t)
        return x1 + (x2 - x1) * smooth, y1 + (y2 - y1) * smooth


def choices():
    table = []
    for weight, *numbers in MAPS:
        table += [tuple(numbers)] * weight
    return table


def main():
    picture, noise, curve, table = [bytearray(SIZE) for _ in range(SIZE)], Noise(7), Spline(KNOTS), choices()
    x = y = 0.0
    for number, random in zip(range(POINTS), noise):
        a, b, c, d, e, f = table[random % 100]
        x, y = a * x + b * y + e, c * x + d * y + f
        column, row = int((x + 3.0) / 6.0 * (SIZE - 1)), int(y / 10.5 * (SIZE - 1))
        if number % 16 == 0:
            bent, lift = curve(row / SIZE * 4.9)
            column = int(column + bent * 3 + lift) % SIZE
        line = picture[row]
        if line[column] < 255:
            line[column] += 1
    return sum(map(sum, picture)), sum(value > 0 for line in picture for value in line), [sum(line) for line in picture[::40]]


begin = time.perf_counter_ns()
value = main()
print("elapsed_ns", time.perf_counter_ns() - begin)
print("check", value)
