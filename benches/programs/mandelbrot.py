"""The Mandelbrot set, once with floats and once with complex numbers: tight loops."""
import time

WIDTH, HEIGHT, LIMIT = 220, 150, 100


def with_floats(cr, ci):
    zr = zi = 0.0
    for turn in range(LIMIT):
        rr, ii = zr * zr, zi * zi
        if rr + ii > 4.0:
            return turn
        zr, zi = rr - ii + cr, 2.0 * zr * zi + ci
    return LIMIT


def with_complex(c):
    z = 0j
    for turn in range(LIMIT):
        z = z * z + c
        if z.real * z.real + z.imag * z.imag > 4.0:
            return turn
    return LIMIT


def main():
    total = inside = 0
    for y in range(HEIGHT):
        ci = y * 2.4 / HEIGHT - 1.2
        for x in range(WIDTH):
            cr = x * 3.0 / WIDTH - 2.1
            turns = with_floats(cr, ci)
            total += turns
            inside += turns == LIMIT
            if (x + y) % 2:
                total += with_complex(complex(cr, ci))
    return total, inside


begin = time.perf_counter_ns()
value = main()
print("elapsed_ns", time.perf_counter_ns() - begin)
print("check", value)
