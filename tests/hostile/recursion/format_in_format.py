#: what: Formats inside of formatting, through str.format, percent and __format__.
#: expect: exited 1
#: stderr: Error
class Endless:
    def __format__(self, spec):
        return "{0:{1}}".format(self, "%s" % self)

    def __str__(self):
        return f"{self}"


print(f"{Endless()}")
