#: what: Expands entities of entities in an XML document.
#: expect: exited 1
#: timeout: 20
#: stderr: Error
import xml.etree.ElementTree

entities = "".join(f'<!ENTITY e{n} "{f"&e{n - 1};" * 10}">' for n in range(1, 12))
document = f'<!DOCTYPE x [<!ENTITY e0 "ha">{entities}]><x>&e11;</x>'
xml.etree.ElementTree.fromstring(document)
