"""Prints without end; one line, if so told."""
import sys

end = b"" if sys.argv[1] == "line" else b"\n"
while True:
    sys.stdout.buffer.write(b"y" * 9999 + end)
