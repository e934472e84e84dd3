#: what: Copies a structure whose copy never ends, because every copy asks for another one.
#: expect: timed out or exited 1
#: timeout: 0.5
import copy


class Twins:
    def __deepcopy__(self, memo):
        copy.deepcopy(Twins(), {}) if len(memo) > 0 else None
        return [copy.deepcopy(Twins(), None), copy.deepcopy(Twins(), None)] if memo is None else Twins()


while True:
    copy.deepcopy([Twins()] * 100)
