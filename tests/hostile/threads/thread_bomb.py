#: what: Starts threads for ever.
#: expect: exited 1
#: stderr: can't start new thread
import threading
import time

while True:
    threading.Thread(target=time.sleep, args=(1000,)).start()
