"""Takes memory in many processes, each of them modest."""
import os
import time

for _ in range(30):
    if os.fork() == 0:
        taken = bytearray(os.urandom(1)) * (32 << 20)
        time.sleep(30)
time.sleep(30)
