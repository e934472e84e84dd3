# decimal and fractions: precision, rounding, signals, conversion
import decimal
from decimal import Decimal as D, getcontext, localcontext
from fractions import Fraction as F

print(getcontext().prec, D(1) / D(7), D("0.1") + D("0.2"), D(0.1), D("1E+3").normalize(), D("-0"), D("NaN"), D("Infinity") > 10**100)
with localcontext(prec=60) as context:
    print(D(2).sqrt(), D(1).exp(), D(10).ln(), D(3) ** D("0.5"), D(2) ** 200)
    context.rounding = decimal.ROUND_FLOOR
    print(D("-1.5").quantize(D("1")), D("2.675").quantize(D("0.01")))
print([str(D("2.5").quantize(D(1), rounding=getattr(decimal, name))) for name in ("ROUND_HALF_EVEN", "ROUND_HALF_UP", "ROUND_UP", "ROUND_DOWN", "ROUND_CEILING", "ROUND_05UP")])
print(round(D("2.675"), 2), round(D("2.5")), int(D("-3.9")), divmod(D(-7), D(2)), D("123.456").as_tuple(), D(3).as_integer_ratio(), D("1.10") == D("1.1"), D("1.10").compare_total(D("1.1")))
print(f"{D('1234567.891'):,.2f} {D('0.000001234'):.3e} {D('12.5'):>10} {D('0.25'):.0%} {D('1E+10')} {D('1E+10'):f}")
for call in (lambda: D(1) / 0, lambda: D(0) / 0, lambda: D("x"), lambda: D(-1).sqrt(), lambda: D(1) + 1.5, lambda: D("9e999999") * 10, lambda: D(1).quantize(D("1e-40"))):
    try:
        print(call())
    except (decimal.DecimalException, TypeError) as error:
        print(type(error).__name__, error)
print(F(3, -6), F("0.125"), F(0.1), F(0.1).limit_denominator(1000), F(1, 3) + F(1, 6), F(7, 2) // 1, F(2, 3) ** -2, float(F(1, 3)), F("1e-3"), F(1, 3) < 0.34)
print(f"{F(22, 7):.5f} {F(1, 3):>8} {round(F(7, 2))} {round(F(10, 3), 2)} {F(5)}", sum([F(1, n) for n in range(1, 20)]), D(1) == F(1))
try:
    F(1, 0)
except ZeroDivisionError as error:
    print(error)
with localcontext() as context:
    context.prec = 200
    x, total, term, n = D(1), D(0), D(1), 0
    while term > D("1e-190"):
        total += term
        n += 1
        term /= n
    print(str(total)[:150], n)
