"""Leaves a daemon that holds the output; the parent stays if so told."""
import os
import signal
import sys
import time

signal.signal(signal.SIGTERM, signal.SIG_IGN)
signal.signal(signal.SIGHUP, signal.SIG_IGN)
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        print("the daemon is up", flush=True)
        time.sleep(60)
        print("the daemon wakes", flush=True)
    os._exit(0)
os.wait()
time.sleep(60 if sys.argv[1] == "stay" else 0.1)
