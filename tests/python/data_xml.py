# xml.etree, minidom, sax: build, parse, search, namespaces, errors
import io
import xml.dom.minidom
import xml.etree.ElementTree as ET
import xml.sax

root = ET.fromstring("""<?xml version="1.0" encoding="utf-8"?>
<!DOCTYPE shop [<!ENTITY who "Ada">]>
<shop xmlns:x="urn:x" name="é &amp; co">
  <item id="1" x:kind="a">first <b>bold</b> tail</item>
  <item id="2"><![CDATA[<raw> & text]]></item>
  <!-- a comment --><x:owner>&who; &#x1F40D;</x:owner>
</shop>""")
print(root.tag, root.attrib, len(root), [item.get("id") for item in root.iter("item")], root.find("{urn:x}owner").text)
print("".join(root[0].itertext()), root.find("item[@id='2']").text, root.findtext("item/b"), [child.tag for child in root.findall("*")], root[0].attrib)
ET.register_namespace("y", "urn:x")
ET.indent(root, "    ")
print(ET.tostring(root, encoding="unicode"))
new = ET.Element("list", {"quote": '"<&>\n'})
ET.SubElement(new, "entry").text = "é < 漢"
ET.SubElement(new, "empty")
print(ET.tostring(new), ET.tostring(new, encoding="utf-8", xml_declaration=True), ET.tostring(new, short_empty_elements=False, encoding="unicode"))
out = io.BytesIO()
ET.ElementTree(new).write(out, encoding="iso-8859-1")
print(out.getvalue(), ET.canonicalize("<a  b='1' a='2'/>"))
for event, element in ET.iterparse(io.BytesIO(b"<a><b>1</b><b>2</b></a>"), events=("start", "end")):
    print(event, element.tag, element.text)
for wrong in ("<a>", "<a></b>", "<a>&nothing;</a>", "", "<a b=1/>", "<a/><b/>", "\x00"):
    try:
        ET.fromstring(wrong)
    except ET.ParseError as error:
        print(repr(wrong), error, error.position)
document = xml.dom.minidom.parseString("<r><c k='v'>t</c></r>")
print(document.documentElement.toxml(), document.getElementsByTagName("c")[0].getAttribute("k"), document.toprettyxml(indent=" "))
class Handler(xml.sax.ContentHandler):
    def startElement(self, name, attributes):
        print("start", name, dict(attributes))
    def characters(self, content):
        print("text", repr(content))
xml.sax.parseString(b"<r a='1'>x<s/></r>", Handler())
