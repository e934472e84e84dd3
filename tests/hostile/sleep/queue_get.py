#: what: Waits for an item that nobody puts into the queue.
#: expect: timed out
#: timeout: 0.5
import queue

queue.Queue().get()
