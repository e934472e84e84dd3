#: what: Converts times far outside of what calendars know.
#: expect: exited 0
#: stdout: contained
import datetime
import time

for value in (2**31, 2**40, 2**55, 2**63 - 1, 2**63, -(2**63), 1e300, float("nan"), float("inf")):
    for convert in (time.gmtime, time.localtime, time.ctime, datetime.datetime.fromtimestamp, datetime.date.fromtimestamp):
        try:
            convert(value)
        except (OverflowError, ValueError, OSError):
            pass
for year in (-(2**31), 2**31 - 1, 0, 10**6):
    try:
        time.strftime("%c %Y %G %s"[:8], (year, 1, 1, 0, 0, 0, 0, 1, 0))
        time.mktime((year, 99, 99, 99, 99, 99, 0, 1, 0))
    except (OverflowError, ValueError):
        pass
print("contained")
