"""Takes memory until there is none."""
taken = []
while True:
    taken.append(bytearray(4 << 20))
