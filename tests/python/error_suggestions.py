#: exit: 1
# "Did you mean": names, attributes, keywords, imports
import traceback

class Shop:
    def __init__(self):
        self.colour = 1

    def paint(self):
        return colour

    def spray(self, *, pressure=1):
        return pressure

def name():
    lenght = 3
    return length

def attribute():
    return Shop().color

def method():
    return Shop().pain()

def keyword():
    return Shop().spray(presure=2)

def builtin():
    return pritn("x")

def module():
    return json.dumps({})

def from_import():
    from collections import OrderedDic

def missing_import():
    import colections

def self_name():
    return Shop().paint()

for function in (name, attribute, method, keyword, builtin, module, from_import, missing_import, self_name):
    try:
        function()
    except Exception:
        traceback.print_exc()
import no_such_module.at_all
