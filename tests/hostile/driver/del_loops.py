#: what: Ends well, but the finalizer of an object never returns.
#: expect: timed out
#: timeout: 0.5
class Immortal:
    def __del__(self):
        while True:
            pass


immortal = Immortal()
