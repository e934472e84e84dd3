#: exit: 1
# A future that does not exist
from __future__ import braces
