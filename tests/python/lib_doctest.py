#: exit: 1
# doctest of the script itself
import doctest

def add(a, b):
    """Adds.

    >>> add(1, 2)
    3
    >>> add("a", 1)
    Traceback (most recent call last):
        ...
    TypeError: can only concatenate str (not "int") to str
    >>> print("\\n".join("abc"))  # doctest: +ELLIPSIS
    a
    ...
    c
    >>> add(2, 2)
    5
    """
    return a + b

result = doctest.testmod()
print(result)
raise SystemExit(result.failed)
