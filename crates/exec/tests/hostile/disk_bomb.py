"""Writes a file without end, where the second argument says."""
import sys

with open(sys.argv[1], "wb") as file:
    while True:
        file.write(b"x" * (1 << 20))
