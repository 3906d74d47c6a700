"""Tries to reach what is not its own, and says `ESCAPED` where it could.

Arguments: a port of the host's loopback, the name of an abstract socket of the
host, the path of a file of the host.
"""
import ctypes
import os
import socket
import sys

libc = ctypes.CDLL(None, use_errno=True)
port, abstract, canary = int(sys.argv[1]), sys.argv[2], sys.argv[3]
tried = 0


def attempt(name, action):
    global tried
    tried += 1
    try:
        got = action()
    except (OSError, ValueError) as error:
        print(f"refused: {name}: {type(error).__name__}")
    else:
        print(f"ESCAPED: {name}: {got!r}"[:300])


def connect(family, address):
    with socket.socket(family, socket.SOCK_STREAM) as client:
        client.settimeout(3)
        client.connect(address)


def send(address):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
        client.sendto(b"x", address)


def read(path):
    with open(path, "rb") as file:
        return file.read(100)


def write(path):
    with open(path, "r+b"):
        pass


def call(name, *arguments):
    ctypes.set_errno(0)
    result = getattr(libc, name)(*arguments)
    if result == -1:
        raise OSError(ctypes.get_errno(), name)
    return result


attempt("loopback", lambda: connect(socket.AF_INET, ("127.0.0.1", port)))
attempt("loopback 6", lambda: connect(socket.AF_INET6, ("::1", port)))
attempt("internet", lambda: connect(socket.AF_INET, ("1.1.1.1", 80)))
attempt("metadata", lambda: connect(socket.AF_INET, ("169.254.169.254", 80)))
attempt("datagram", lambda: send(("1.1.1.1", 53)))
attempt("name", lambda: socket.getaddrinfo("example.com", 80))
attempt("abstract socket", lambda: connect(socket.AF_UNIX, "\0" + abstract))
attempt("canary", lambda: read(canary))
attempt("canary through the first process", lambda: read("/proc/1/root" + canary))
for path in ("/etc/shadow", "/proc/1/environ", "/proc/1/mem", "/proc/kcore", "/dev/mem"):
    attempt(f"read {path}", lambda path=path: read(path))
for path in ("/root", "/home", "/var", "/run", "/mnt", "/sys", "/boot", "/proc/1/cwd"):
    attempt(f"list {path}", lambda path=path: os.listdir(path))
attempt("the socket of the first process", lambda: os.readlink("/proc/1/fd/0"))
for path in ("/usr/bin/env", "/etc/passwd", "/.backstory-stage", "/proc/sys/kernel/core_pattern",
             "/proc/sys/kernel/hostname", "/proc/sys/vm/overcommit_memory", "/proc/1/oom_score_adj"):
    attempt(f"write {path}", lambda path=path: write(path))
for path in ("/x", "/usr/x", "/etc/x", "/dev/x", "/proc/x"):
    attempt(f"create {path}", lambda path=path: os.mkdir(path))
attempt("mount", lambda: call("mount", b"tmpfs", b"/tmp", b"tmpfs", 0, None))
attempt("unmount", lambda: call("umount2", b"/etc", 2))
attempt("user namespace", lambda: call("unshare", 0x10000000))
attempt("mount namespace", lambda: call("unshare", 0x00020000))
attempt("clone into a user namespace", lambda: call("syscall", 56, 0x10000000 | 17, 0, 0, 0, 0))
attempt("clone3", lambda: call("syscall", 435, 0, 0))
attempt("change root", lambda: os.chroot("/tmp"))
attempt("device", lambda: os.mknod("/tmp/disk", 0o60644, os.makedev(8, 0)))
attempt("trace the first process", lambda: call("ptrace", 16, 1, 0, 0))
attempt("keys", lambda: call("syscall", 250, 0, -3, 1))
attempt("bpf", lambda: call("syscall", 321, 0, 0, 0))
attempt("io_uring", lambda: call("syscall", 425, 1, 0))
attempt("userfaultfd", lambda: call("syscall", 323, 0))
attempt("other interface", lambda: call("syscall", 0x40000000 | 272, 0x10000000))
attempt("become root", lambda: os.setuid(0))
attempt("host name", lambda: socket.sethostname("x"))
attempt("lower nice", lambda: os.setpriority(os.PRIO_PROCESS, 0, -10))
print("capabilities:", [line.split()[1] for line in open("/proc/self/status") if line.startswith("Cap")])
print("descriptors:", sorted(os.listdir("/proc/self/fd"))[:-1])
print("tried", tried)
