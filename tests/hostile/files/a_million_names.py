#: what: Makes files in one directory without an end, and removes them while it lists them.
#: expect: timed out or exited 0
#: timeout: 1
import itertools
import os

os.mkdir("many")
for number in itertools.count():
    try:
        open(f"many/{number}", "w").close()
    except OSError:
        break
    if number % 1000 == 999:
        for entry in os.scandir("many"):
            os.remove(entry.path)
            os.rename(__file__, "many/x"), os.rename("many/x", __file__)
