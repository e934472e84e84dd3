#: exit: 130
# KeyboardInterrupt that nobody catches: 130, as a shell shows it
import atexit

atexit.register(print, "atexit runs")
raise KeyboardInterrupt
