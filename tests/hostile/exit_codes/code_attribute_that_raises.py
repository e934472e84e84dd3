#: what: Ends with an exception whose code is computed, and computing it fails.
#: expect: exited 1
class Odd(SystemExit):
    @property
    def code(self):
        raise ValueError("no code")


raise Odd(5)
