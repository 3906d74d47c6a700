"""Says what a job sees; the same in every run."""
import getpass
import os
import socket

print(sorted(os.listdir("/")), sorted(os.listdir("/work")), sorted(os.listdir("/tmp")))
print(os.getcwd(), os.getuid(), os.getgid(), getpass.getuser(), os.uname().nodename)
print(socket.gethostbyname("localhost"), sorted(os.listdir("/etc")), dict(os.environ))
print(sorted(int(name) for name in os.listdir("/proc") if name.isdigit()))
with open("/work/file", "w") as file:
    file.write("x" * 1000)
