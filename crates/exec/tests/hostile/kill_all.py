"""Tries to end the first process, and then everybody."""
import os
import signal

for number in (signal.SIGKILL, signal.SIGTERM, signal.SIGSEGV):
    os.kill(1, number)
if os.fork() == 0:
    os.kill(-1, signal.SIGKILL)
    os._exit(0)
signal.pause()
