# Warnings go to stderr, with the line that caused them, once for each place
import warnings

def old():
    warnings.warn("old() is old", DeprecationWarning, stacklevel=2)

for _ in range(3):
    old()
    warnings.warn("a user warning")
warnings.warn("a kind of its own", type("OwnWarning", (UserWarning,), {}))
with warnings.catch_warnings(record=True) as caught:
    warnings.simplefilter("always")
    old()
    print([str(item.message) for item in caught], caught[0].category.__name__, caught[0].lineno)
warnings.simplefilter("error")
try:
    warnings.warn("now an error", RuntimeWarning)
except RuntimeWarning as error:
    print(repr(error))
warnings.resetwarnings()
print(eval("'\\d'"), eval("1 is 1"))
