"""Makes files without end, where the first argument says."""
import itertools
import sys

for number in itertools.count():
    open(f"{sys.argv[1]}/{number}", "w").close()
