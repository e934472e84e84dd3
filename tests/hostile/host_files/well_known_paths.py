#: what: Opens the paths that give a machine away.
#: expect: exited 0
#: stdout: contained
import os

paths = """
    /etc/passwd /etc/shadow /etc/hostname /etc/hosts /etc/resolv.conf /etc/os-release /etc/machine-id /etc/ssl
    /proc /proc/self/maps /proc/self/environ /proc/self/cmdline /proc/self/fd /proc/self/root /proc/self/cwd /proc/self/mem
    /proc/1/environ /proc/cpuinfo /proc/meminfo /proc/version /proc/mounts /proc/net/tcp /proc/kcore /proc/sys/kernel/hostname
    /sys /sys/class/net /sys/fs/cgroup /run /run/docker.sock /var/run/docker.sock /var/log /var/run/secrets/kubernetes.io
    /root /root/.ssh/id_rsa /root/.bash_history /root/.cache /home/ubuntu /home/user/.ssh /boot /opt /srv /mnt /media /var
    /dev/mem /dev/kmem /dev/sda /dev/tty /dev/shm /dev/fd /dev/pts /dev/kvm /dev/fuse /dev/ptmx /dev/full
    /bin/sh /usr/bin/env /lib64/ld-linux-x86-64.so.2 /.dockerenv
    ../../../../../../etc/passwd /home/user/../../etc/passwd //etc/passwd /./etc/passwd /home/user/%2e%2e/etc/passwd
""".split()
for path in paths:
    assert not os.path.lexists(path), path
    try:
        os.open(path, os.O_RDONLY)
    except OSError:
        continue
    raise SystemExit(path)
print("contained")
