# email, ipaddress, colorsys, cmath, reprlib, calendar text, sched, timeit, platform facts that hold everywhere, gettext, getopt
import cmath
import colorsys
import email
import email.message
import email.policy
import email.utils
import getopt
import gettext
import ipaddress
import keyword
import os
import platform
import quopri
import reprlib
import sys
import timeit
import types

message = email.message.EmailMessage()
message["Subject"] = "Grüße 🐍"
message["From"] = "Ada <ada@example.com>"
message["To"] = "b@example.org, c@example.org"
message.set_content("Text é\n")
message.add_alternative("<p>é</p>", subtype="html")
message.add_attachment(b"\x00\x01", maintype="application", subtype="octet-stream", filename="ü.bin")
message.set_boundary("BOUNDARY")
for part, boundary in zip(message.iter_parts(), ("INNER", "none")):
    if part.is_multipart():
        part.set_boundary(boundary)
print(message.as_string())
parsed = email.message_from_bytes(message.as_bytes(), policy=email.policy.default)
print(parsed["subject"], parsed["to"].addresses[1].domain, parsed.get_body(("plain",)).get_content(), [part.get_filename() for part in parsed.iter_attachments()], email.utils.parseaddr("A B <a@b.c>"), email.utils.formatdate(0), email.utils.parsedate_to_datetime("Mon, 20 Nov 1995 19:12:08 -0500"))
network = ipaddress.ip_network("192.168.0.0/29")
print([str(host) for host in network.hosts()], ipaddress.ip_address("::1").is_loopback, network.netmask, ipaddress.ip_address("10.0.0.1") in ipaddress.ip_network("10.0.0.0/8"), ipaddress.ip_address("2001:db8::1").exploded, int(ipaddress.ip_address("1.2.3.4")), list(network.subnets(1)))
try:
    ipaddress.ip_address("1.2.3.256")
except ValueError as error:
    print(error)
print(colorsys.rgb_to_hsv(0.2, 0.4, 0.4), [f"{value:.6f}" for value in (cmath.sqrt(-2), cmath.exp(1j), cmath.phase(-1))], cmath.isclose(cmath.exp(cmath.pi * 1j), -1), cmath.polar(1j)[0])
print(reprlib.repr(list(range(100))), reprlib.repr("x" * 100), keyword.iskeyword("match"), keyword.issoftkeyword("match"), len(keyword.kwlist), quopri.encodestring("é=".encode()), getopt.gnu_getopt(["-a", "x", "--long=1", "-b2"], "ab:", ["long="]), gettext.gettext("text"), gettext.ngettext("a", "b", 2))
print(timeit.timeit("x + 1", "x = 1", number=1000) < 5, platform.python_version_tuple()[:2], platform.python_implementation(), os.sep, os.linesep.encode(), os.name, os.pathsep, os.curdir, os.devnull, os.path.join("a", "/b", "c"), os.path.splitext("a.b.c"), os.path.normpath("a/./b/../c"), os.path.commonpath(["/a/b", "/a/c"]))
os.environ["OWN"] = "é"
print(os.environ["OWN"], os.getenv("NOTHING", "default"), "OWN" in os.environ, os.environ.pop("OWN"), os.path.expandvars("$NOTHING x"), os.fspath("a"), len(os.urandom(5)), os.cpu_count() is None or os.cpu_count() > 0, os.getpid() > 0, os.strerror(0) != "")
namespace = types.SimpleNamespace(a=1, b="é")
print(namespace, types.MappingProxyType({"a": 1}), namespace == types.SimpleNamespace(a=1, b="é"), types.new_class("Made").__name__, sys.float_repr_style, sys.flags.dev_mode, sys.stdlib_module_names >= {"os", "json"}, "sys" in sys.builtin_module_names)
