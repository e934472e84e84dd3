#: what: Starts another process in every way the library has.
#: expect: exited 0
#: stdout: contained
import os
import subprocess

for name in ("fork", "forkpty", "vfork", "system", "posix_spawn", "posix_spawnp", "execv", "execve", "wait", "waitpid", "pipe", "unshare", "setns", "chroot", "mount", "ptrace", "memfd_create", "pidfd_open"):
    assert not hasattr(os, name), name
attempts = (
    lambda: subprocess.run(["/bin/sh", "-c", "id"]),
    lambda: subprocess.Popen("id", shell=True),
    lambda: subprocess.getoutput("id"),
    lambda: os.popen("id"),
    lambda: os.execl("/bin/sh", "sh"),
    lambda: os.execvpe("sh", ["sh"], {}),
    lambda: os.spawnl(0, "/bin/sh", "sh"),
)
for number, attempt in enumerate(attempts):
    try:
        attempt()
    except (OSError, AttributeError, NameError, ImportError):
        continue
    raise SystemExit(f"attempt {number} went through")
print("contained")
