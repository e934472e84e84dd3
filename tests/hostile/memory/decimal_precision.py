#: what: Computes with the largest precision that decimal can be told.
#: expect: exited 1
#: stderr: MemoryError
import decimal

context = decimal.Context(prec=decimal.MAX_PREC, Emax=decimal.MAX_EMAX, Emin=decimal.MIN_EMIN)
context.divide(decimal.Decimal(1), decimal.Decimal(3))
