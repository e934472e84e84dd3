#: what: Looks for where the machine stands: its time zone and its language.
#: expect: exited 0
#: stdout: contained
import locale
import time

assert time.timezone == 0 and time.tzname[0] in ("UTC", "GMT"), (time.timezone, time.tzname)
assert time.localtime(0)[:6] == time.gmtime(0)[:6]
assert locale.getlocale()[0] in (None, "C", "en_US"), locale.getlocale()
assert locale.getencoding().lower().replace("-", "") == "utf8"
print("contained")
