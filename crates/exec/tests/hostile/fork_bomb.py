"""Makes processes that make processes; two thousand, so that a machine on which
nobody contains it survives."""
import os
import time

try:
    for _ in range(11):
        os.fork()
finally:
    time.sleep(30)
