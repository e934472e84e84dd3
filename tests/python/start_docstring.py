"""The docstring of a script."""
# A script's docstring, its annotations and a name that starts late.
from __future__ import annotations

import sys

count: int = 3
other: undefined_name
print(__doc__)
print(__annotations__)
print(annotations.__class__.__name__, "count" in globals(), "other" in globals())
print(sys.modules[__name__].__doc__ is __doc__)
