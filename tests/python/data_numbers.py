# Numbers: integers of any size, floats and their text, complex, conversions, formats, errors
import math
import sys

print(2**200, -7 // 2, -7 % 3, 7 % -3, divmod(-7, 2), pow(3, -1, 7), pow(2, 1000, 10**9 + 7), (1 << 100) - 1 >> 90, ~5, -1 >> 70, 0xFF ^ 0b1010 & 0o17 | 1)
print((10**50).bit_length(), (255).to_bytes(2, "big"), int.from_bytes(b"\xff\x00", "little", signed=True), (7).bit_count(), math.isqrt(10**40), math.comb(50, 25), math.perm(10, 3), math.gcd(12, 18, 27), math.lcm(4, 6), math.factorial(30))
print(int("-0x1f", 16), int("z", 36), int("0b101", 0), int(" 1_000 "), int(1e20), int("９"), bin(-5), oct(64), hex(2**64), f"{255:#x} {255:08b} {255:_b} {10**9:,} {-5:+d} {5: d} {65:c}")
print(0.1 + 0.2, 1e16, 1e15 + 0.5, 1e-5, 0.0001, 5e-324, sys.float_info.max, 1 / 3, 100.0, 1e22, 123456789.123456789, -0.0, float("inf"), float("nan"), 2.5e-10, 1e100)
print(round(2.5), round(3.5), round(2.675, 2), round(-0.5), round(1234.5678, -2), round(5e15 + 0.5), (0.1).as_integer_ratio(), (0.1).hex(), float.fromhex("0x1.8p3"), (2.0).is_integer(), float("1_0.5e-1"), float(" -iNf "))
print(f"{math.pi:.3f} {math.pi:10.2e} {1e10:g} {1e-10:g} {123456.789:,.1f} {0.5:%} {1.0:.0f} {2.5:.0f} {3.5:.0f} {1e300:.3g} {float('nan'):>6} {-1.5:=+8.2f} {12345.678:_.2f} {0.1:.20f}")
print("%5.1f|%-8d|%+d|%x|%#o|%e|%g|%r|%s|%%|%c|%05d" % (2.25, 5, 5, 255, 8, 12345.678, 0.0001, "q", None, "c", -42), "%(a)s %(b)03d" % {"a": 1, "b": 2})
print(1j * 1j, complex("1+2j"), (3 + 4j).conjugate(), abs(3 + 4j), complex(0, -0.0), 1j ** 2, repr(complex(float("nan"), float("inf"))), f"{1.5 + 2j:.2f}", (1 + 2j) / (3 - 1j), complex(1e300, 1))
print(math.fsum([0.1] * 10), sum([0.1] * 10), math.sqrt(2), math.floor(-1.5), math.ceil(1.2), math.trunc(-1.9), math.copysign(1, -0.0), math.frexp(10.0), math.ldexp(0.5, 5), math.modf(-2.75), math.fmod(-7, 3), math.remainder(7, 3), math.nextafter(1, 2), math.ulp(1.0), math.hypot(3, 4), math.dist((0, 0), (3, 4)), math.prod([1.5, 2]))
print([f"{value:.10f}" for value in (math.sin(1), math.cos(1), math.tan(1), math.exp(1), math.log(10), math.log2(10), math.log10(2), math.atan2(1, -1), math.sinh(1), math.erf(0.5), math.gamma(5.5), math.lgamma(10), math.cbrt(27), 2 ** 0.5, math.pow(2, 0.3), math.expm1(1e-5), math.log1p(1e-5))])
for call in (lambda: 1 / 0, lambda: 1 % 0, lambda: 1.5 // 0, lambda: 0 ** -1, lambda: int("x"), lambda: int("1" * 5000), lambda: float("x"), lambda: int(float("nan")), lambda: int(float("inf")), lambda: math.exp(1000),
             lambda: math.sqrt(-1), lambda: math.log(0), lambda: 1 << -1, lambda: "%d" % "x", lambda: f"{1.5:d}", lambda: (1).to_bytes(0, "big"), lambda: math.factorial(-1), lambda: complex("x"), lambda: 1j < 2j, lambda: range(10**30)[10**29], lambda: str(10**5000), lambda: len(range(10**30)), lambda: 1e400, lambda: round(float("nan"))):
    try:
        print(call())
    except (ArithmeticError, ValueError, TypeError) as error:
        print(type(error).__name__, error)
sys.set_int_max_str_digits(0)
print(len(str(3**10000)), int("7" * 6000) % 1000007, sys.int_info.bits_per_digit, sys.float_info.dig)
print(True + True, isinstance(True, int), 0.5 == 1 / 2, 2**53 == 2.0**53, 2**53 + 1 == 2.0**53, 10**400 > 1e308, float(2**53 + 1), 1 == 1.0 == 1 + 0j, (5).__class__, 3 .real)
