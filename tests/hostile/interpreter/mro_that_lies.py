#: what: Computes method resolution orders that are wrong, endless or change while they are used.
#: expect: exited 0
#: timeout: 20
#: stdout: contained
class Meta(type):
    answer = None

    def mro(cls):
        return Meta.answer(cls) if Meta.answer else super().mro()


class Base(metaclass=Meta):
    pass


for answer in (lambda cls: [], lambda cls: [1], lambda cls: [int, object], lambda cls: type("X", (Base,), {}).__mro__, lambda cls: [cls] * 100_000 + [object]):
    Meta.answer = answer
    try:
        class Child(Base):
            pass

        Child().x
    except (TypeError, RecursionError, AttributeError, SystemError):
        pass
Meta.answer = None
print("contained")
