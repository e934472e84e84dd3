#: what: Makes a dictionary call a comparison that never returns.
#: expect: timed out
#: timeout: 0.5
class Key:
    def __hash__(self):
        return 1

    def __eq__(self, other):
        while True:
            pass


{Key(): 1, Key(): 2}
