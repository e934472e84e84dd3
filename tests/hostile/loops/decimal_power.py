#: what: Computes a decimal function to a precision that never ends.
#: expect: timed out
#: timeout: 0.5
import decimal

decimal.getcontext().prec = 2_000_000
decimal.Decimal(3).ln()
