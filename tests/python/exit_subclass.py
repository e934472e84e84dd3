#: exit: 9
# A subclass of SystemExit ends the script too, with the code it carries last
class Stop(SystemExit):
    def __init__(self):
        super().__init__(5)
        self.code = 9

raise Stop
