#: what: Parses a document of two hundred thousand elements inside each other, and drops it.
#: expect: exited 0
#: memory: 256
import xml.etree.ElementTree as tree

root = tree.fromstring("<a>" * 200_000 + "</a>" * 200_000)
del root
