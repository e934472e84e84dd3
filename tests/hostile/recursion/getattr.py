#: what: Recurses through attribute lookup, call and repr of an object that does nothing else.
#: expect: exited 0
#: stdout: contained
class Endless:
    def __getattr__(self, name):
        return getattr(self, name + "x")

    def __repr__(self):
        return repr(self)

    def __call__(self):
        return self()

    def __eq__(self, other):
        return self == other

    def __bool__(self):
        return bool(self)

    def __len__(self):
        return len(self)

    def __iter__(self):
        return iter(self)

    def __hash__(self):
        return hash(self)

    def __index__(self):
        return range(self).start

    def __del__(self):
        self.__del__()


endless = Endless()
attempts = (
    lambda: endless.name,
    lambda: repr(endless),
    lambda: endless(),
    lambda: endless == 1,
    lambda: bool(endless),
    lambda: len(endless),
    lambda: iter(endless),
    lambda: hash(endless),
    lambda: [0][endless],
    lambda: f"{endless}",
    lambda: str([endless]),
)
for attempt in attempts:
    try:
        attempt()
    except RecursionError:
        continue
    raise SystemExit("came back")
print("contained")
