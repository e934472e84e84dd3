#: exit: 1
# A traceback through the standard library shows the library's lines
import json

print(json.loads("[1, 2]"))
json.loads('{"a": 1,\n "b": }')
