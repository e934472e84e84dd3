#: what: Sends signals to itself, its parent and everybody else.
#: expect: exited 0
#: stdout: contained
import os
import signal

for name in ("kill", "killpg", "tgkill", "abort_all", "setpgid", "setsid", "getppid", "nice", "sched_setscheduler", "setpriority"):
    assert not hasattr(os, name), name
for name in ("pthread_kill", "pidfd_send_signal", "sigwait", "pause", "pthread_sigmask"):
    assert not hasattr(signal, name), name
print("contained")
