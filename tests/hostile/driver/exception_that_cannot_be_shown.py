#: what: Raises an exception whose name, text, cause and traceback all fail.
#: expect: exited 1
class Meta(type):
    @property
    def __module__(cls):
        raise RuntimeError


class Unshowable(Exception, metaclass=Meta):
    def __str__(self):
        raise RuntimeError

    def __getattribute__(self, name):
        raise RuntimeError

    __repr__ = __str__


raise Unshowable
