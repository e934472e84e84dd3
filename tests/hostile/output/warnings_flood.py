#: what: Floods standard error with warnings.
#: expect: output too large
#: output: 50000
import warnings

warnings.simplefilter("always")
while True:
    warnings.warn("careful" * 10)
