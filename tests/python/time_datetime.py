# datetime: arithmetic, formats, parsing, time zones, errors
from datetime import date, datetime, time, timedelta, timezone, UTC

moment = datetime(2024, 2, 29, 23, 59, 59, 123456, tzinfo=UTC)
print(moment, repr(moment), moment.isoformat(timespec="milliseconds"), moment.timestamp())
print(moment + timedelta(days=366, seconds=1), moment.replace(year=2028) - moment, moment.isocalendar(), moment.strftime("%A %d %B %Y %I:%M %p %U %z %%"))
print(datetime.fromisoformat("2024-W09-4T12:30+02:00"), datetime.fromisoformat("20240229T235959Z"), date.fromisoformat("20240229"))
print(datetime.strptime("2024-02-29 23:59:59.5 +0530", "%Y-%m-%d %H:%M:%S.%f %z").astimezone(timezone(timedelta(hours=-3, minutes=-30), "X")))
print(timedelta(weeks=1, microseconds=-1), timedelta(1) / 7, divmod(timedelta(days=1), timedelta(hours=7)), abs(timedelta(-1, 5)), -timedelta(hours=1))
print(date.min, date.max, datetime.max, time(1, 2, fold=1), date(2024, 1, 1).toordinal(), date.fromordinal(738000), date(2024, 12, 30).isocalendar())
print(sorted([date(2024, 1, 1), date(2023, 6, 5)]), moment == datetime(2024, 3, 1, 5, 29, 59, 123456, tzinfo=timezone(timedelta(hours=5, minutes=30))))
for wrong in (lambda: date(2023, 2, 29), lambda: datetime(2024, 1, 1) < moment, lambda: datetime.fromisoformat("2024-13-01"), lambda: datetime.strptime("x", "%Y"),
              lambda: timedelta(days=10**10), lambda: date.max + timedelta(1), lambda: timezone(timedelta(days=2)), lambda: datetime.fromtimestamp(1e20)):
    try:
        print(wrong())
    except (ValueError, TypeError, OverflowError) as error:
        print(type(error).__name__, error)
import calendar
print(calendar.month(2024, 2), calendar.isleap(1900), calendar.monthrange(2024, 2), calendar.day_name[0], calendar.timegm((2024, 1, 1, 0, 0, 0)))
