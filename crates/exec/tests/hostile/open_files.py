"""Opens files until it may not."""
import itertools

opened = []
try:
    for count in itertools.count():
        opened.append(open("/dev/null"))
except OSError as error:
    print(error.strerror, count < 5000)
