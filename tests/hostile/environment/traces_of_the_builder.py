#: what: Looks in the build's configuration and in code objects for paths and names of the machine that made the image.
#: expect: exited 0
#: stdout: contained
#: never: /root
#: never: /tmp/
import sys
import sysconfig
import types

suspicious = ("/root", "/tmp", "/github", "/var", "/opt", "/mnt", "/nix", "ziglang", ".cache", ".pyenv")
found = []
for name, value in sysconfig.get_config_vars().items():
    if isinstance(value, str) and any(word in value for word in suspicious):
        found.append((name, value))
for name, module in list(sys.modules.items()):
    for value in (getattr(module, "__file__", None), getattr(module, "__cached__", None)):
        if isinstance(value, str) and not value.startswith("/usr/lib/python3.13/") and name != "__main__":
            found.append((name, value))
    for value in vars(module).values():
        if isinstance(value, types.FunctionType):
            file = value.__code__.co_filename
            if not file.startswith(("/usr/lib/python3.13/", "<")) and file != __file__:
                found.append((name, file))
print(sorted({str(item).replace("/", "|") for item in found}) or "contained")
