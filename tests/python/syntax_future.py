#: exit: 1
# A future that comes too late
import sys
from __future__ import annotations
