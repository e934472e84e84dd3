# zoneinfo: offsets, daylight saving, gaps and folds, keys that are not there
from datetime import datetime, timedelta, UTC
import zoneinfo
from zoneinfo import ZoneInfo

for key in ("UTC", "Europe/Berlin", "America/New_York", "Asia/Kolkata", "Australia/Lord_Howe", "Pacific/Apia", "America/St_Johns", "Asia/Tokyo", "Africa/Casablanca"):
    zone = ZoneInfo(key)
    for moment in (datetime(2020, 1, 15, 12, tzinfo=zone), datetime(2020, 7, 15, 12, tzinfo=zone)):
        print(key, moment.isoformat(), moment.tzname(), moment.dst(), moment.astimezone(UTC).isoformat())
berlin = ZoneInfo("Europe/Berlin")
for hour in range(-1, 3):
    print((datetime(2021, 3, 28, 1, tzinfo=UTC) + timedelta(hours=hour)).astimezone(berlin), (datetime(2021, 10, 31, 0, tzinfo=UTC) + timedelta(hours=hour)).astimezone(berlin))
twice = datetime(2021, 10, 31, 2, 30, tzinfo=berlin)
print(twice.utcoffset(), twice.replace(fold=1).utcoffset(), twice.replace(fold=1).timestamp() - twice.timestamp())
print(datetime(1890, 1, 1, tzinfo=berlin).utcoffset(), datetime(2500, 7, 1, tzinfo=berlin).utcoffset(), datetime(1945, 6, 1, tzinfo=berlin).tzname())
print(repr(berlin), str(berlin), berlin is ZoneInfo("Europe/Berlin"), berlin is ZoneInfo.no_cache("Europe/Berlin"))
for wrong in ("Europe/Atlantis", "../etc/passwd", "/etc/passwd"):
    try:
        ZoneInfo(wrong)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError) as error:
        print(type(error).__name__, wrong in str(error))
names = zoneinfo.available_timezones()
print(len(names) > 400, {"Europe/Paris", "Etc/GMT+5", "US/Pacific"} <= names)
