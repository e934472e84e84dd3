# time.sleep sleeps at least as long as asked; clocks go forward; the zone is UTC
import datetime
import time

start, real, cpu = time.monotonic(), time.time(), time.process_time()
time.sleep(0.05)
print(0.05 <= time.monotonic() - start < 5, 0.045 <= time.time() - real < 5, time.process_time() - cpu < 0.045)
time.sleep(0)
try:
    time.sleep(-1)
except ValueError as error:
    print(error)
readings = [time.perf_counter_ns() for _ in range(1000)]
print(readings == sorted(readings), time.time() > 1.7e9, time.time_ns() > 17e17)
print(time.gmtime(0)[:], time.strftime("%Y-%m-%d %H:%M:%S %j %a %b", time.gmtime(1e9)))
print(time.strptime("30 Nov 2024 12:01:02", "%d %b %Y %H:%M:%S")[:7], time.asctime(time.gmtime(86400)))
print(time.mktime((2001, 9, 9, 1, 46, 40, 0, 0, 0)), time.localtime(1e9).tm_hour, time.timezone, time.tzname)
print(datetime.datetime.fromtimestamp(1e9), datetime.datetime.now().astimezone().utcoffset())
print([time.get_clock_info(name).monotonic for name in ("monotonic", "perf_counter", "time", "process_time")])
