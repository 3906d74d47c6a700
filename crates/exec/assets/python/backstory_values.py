"""Which value does an object of a traced program have, in canonical JSON?

In: any object, and limits. Out: the text of `docs/execution-reasoning.md`, without
running a line of the program: only objects of exactly a builtin type are opened, by
that type's own functions, and no `repr`, `==`, `len`, `hash`, `str` or `__class__` of
a class of the program is asked. What is larger than the limits is `truncated`; what
cannot be opened has its class and a number, in the order such objects appear.
"""

from _json import encode_basestring as quoted

#: Bound here, because a program may replace its builtins.
len, list, map, max, min, ord, repr = len, list, map, max, min, ord, repr
set, sorted, str, sum, type = set, sorted, str, sum, type

#: The flag of a class that was made by a `class` statement, not in C.
HEAP_TYPE = 1 << 9

#: The flag of a class whose attributes cannot be set; none of the program has it.
IMMUTABLE_TYPE = 1 << 8

#: The flag of exceptions.
EXCEPTION = 1 << 30

#: The bytes of a dict and of a list of weak references in an object.
OWN_POINTERS = 16

#: The largest integer that every reader of JSON takes exactly.
EXACT = (1 << 53) - 1

#: An integer of more bits has its digits left out; to write them takes quadratic time.
MOST_BITS = 8192

#: The most containers in one another.
DEEPEST = 24

#: The most objects that are given a number.
MOST_NUMBERED = 20000

#: The address of an object, in a form that the interpreter's audit does not see.
address = object.__hash__

CLASS_DICT = type.__dict__["__dict__"].__get__
CLASS_NAME = type.__dict__["__qualname__"].__get__
CLASS_MODULE = type.__dict__["__module__"].__get__
CLASS_ORDER = type.__dict__["__mro__"].__get__
FLAGS = type.__dict__["__flags__"].__get__
GETSET = type(CLASS_DICT.__self__)
MEMBER = type(GETSET.__objclass__)
SIZE = type.__dict__["__basicsize__"].__get__
INTS, TEXTS = {address(int)}, {address(str)}
VIEWS = (type({}.keys()), type({}.values()), type({}.items()))


class Truncated(Exception):
    """Says that a value is larger than the limits."""


def class_name(cls):
    """Returns the qualified name of a class; builtins have no module before it."""
    name, module = CLASS_NAME(cls), None
    try:
        module = CLASS_MODULE(cls)
    except AttributeError:
        pass
    if type(module) is not str or module in ("builtins", "__main__"):
        return name
    return module + "." + name


def atoms():
    """Returns the functions that write objects which hold no others."""

    def write_int(value):
        if -EXACT <= value <= EXACT:
            return int.__repr__(value)
        if value.bit_length() > MOST_BITS:
            raise Truncated
        return '{"int":"%d"}' % value

    def write_float(value):
        if value - value == 0.0:
            return '{"float":"-0.0"}' if value == 0.0 and str(value)[0] == "-" else repr(value)
        return '{"float":"%s"}' % ("nan" if value != value else "inf" if value > 0 else "-inf")

    def write_text(value):
        if value.isascii():
            return quoted(value)
        try:
            value.encode("utf-8")
        except UnicodeEncodeError:
            return '{"str":[%s]}' % ",".join([str(ord(point)) for point in value])
        return quoted(value)

    return {
        type(None): lambda value: "null",
        bool: lambda value: "true" if value else "false",
        int: write_int,
        float: write_float,
        str: write_text,
        complex: lambda value: '{"complex":[%s,%s]}'
        % (write_float(value.real), write_float(value.imag)),
        bytes: lambda value: '{"bytes":"%s"}' % value.hex(),
        bytearray: lambda value: '{"bytearray":"%s"}' % value.hex(),
    }


class Values:
    """Writes values; one for each run, because it numbers objects."""

    def __init__(self, most_nodes, most_length, open_below=DEEPEST):
        """`open_below` says below how many containers objects still have fields."""
        self.most_nodes = most_nodes
        self.open_below = open_below
        self.most_length = most_length
        self.left = 0
        self.path = []
        self.numbers = {}
        self.fields = {}
        # By address, because a metaclass of the program may hash its classes.
        self.atoms = {address(cls): write for cls, write in atoms().items()}
        containers = {
            list: lambda value: "[%s]" % self._items(value),
            tuple: lambda value: '{"tuple":[%s]}' % self._items(value),
            dict: self._dict,
            set: lambda value: '{"set":[%s]}' % self._members(value),
            frozenset: lambda value: '{"frozenset":[%s]}' % self._members(value),
            range: lambda value: '{"range":[%s]}'
            % self._items((value.start, value.stop, value.step)),
            slice: lambda value: '{"slice":[%s]}'
            % self._items((value.start, value.stop, value.step)),
        }
        for view in VIEWS:
            containers[view] = self._view
        self.containers = {address(cls): write for cls, write in containers.items()}

    def text(self, value):
        """Returns the canonical JSON of an object."""
        cls = type(value)
        try:
            write = self.atoms.get(address(cls))
            if write is not None:
                if (cls is str or cls is bytes or cls is bytearray) and (
                    len(value) > self.most_length
                ):
                    raise Truncated
                return write(value)
            self.left = self.most_nodes
            return self._text(value)
        except (Truncated, RuntimeError, MemoryError):
            # A dict may change its size below us, when an object of the program dies.
            del self.path[:]
            return '{"truncated":{"class":%s}}' % quoted(class_name(cls))

    def _text(self, value):
        cls = type(value)
        write = self.atoms.get(address(cls))
        if write is not None:
            if (cls is str or cls is bytes or cls is bytearray) and (
                len(value) > self.most_length
            ):
                raise Truncated
            return write(value)
        write = self.containers.get(address(cls))
        fields = None
        if write is None:
            fields = self._open_fields(cls) if len(self.path) < self.open_below else None
            if fields is None:
                return self._numbered(value, cls)
        place, path = address(value), self.path
        if place in path:
            return '{"ref":%d}' % path.index(place)
        if len(path) >= DEEPEST:
            raise Truncated
        path.append(place)
        text = write(value) if write is not None else self._object(value, cls, fields)
        path.pop()
        return text

    def _spend(self, nodes):
        self.left -= nodes
        if self.left < 0:
            raise Truncated

    def _items(self, value):
        self._spend(len(value))
        kinds = set(map(address, map(type, value)))
        if kinds == INTS and -EXACT <= min(value) and max(value) <= EXACT:
            return ",".join(map(repr, value))
        if kinds == TEXTS:
            together = "".join(value)
            if together.isascii() and len(together) <= self.most_length:
                return ",".join(map(quoted, value))
        text = self._text
        return ",".join([text(item) for item in value])

    def _members(self, value):
        self._spend(len(value))
        text = self._text
        return ",".join(sorted([text(item) for item in value]))

    def _dict(self, value):
        self._spend(2 * len(value))
        text = self._text
        return '{"dict":[%s]}' % ",".join(
            ["[%s,%s]" % (text(key), text(item)) for key, item in value.items()]
        )

    def _view(self, value):
        self._spend(len(value))
        text = self._text
        return '{"items":{"class":%s,"items":[%s]}}' % (
            quoted(class_name(type(value))),
            ",".join([text(item) for item in value]),
        )

    def _open_fields(self, cls):
        """Returns how to read the fields of a plain class of the program, or nothing.

        Plain is a class that C knows only as an object with a dict or slots. Where
        these are is looked up in the classes themselves, past every `__getattr__`.
        """
        known = self.fields.get(address(cls))
        if known is not None:
            return known[1]
        found = self._fields_of(CLASS_ORDER(cls)[:-1])
        if found is not None:
            slots = sum(name is not None for name, _ in found)
            if SIZE(cls) > SIZE(object) + OWN_POINTERS + 8 * slots:
                # C keeps more in such objects than their fields.
                found = None
        self.fields[address(cls)] = (cls, found)
        return found

    def _fields_of(self, order):
        found = []
        for base in order:
            if FLAGS(base) & (HEAP_TYPE | IMMUTABLE_TYPE) != HEAP_TYPE:
                return None
            for name, member in CLASS_DICT(base).items():
                if type(member) is MEMBER and member.__objclass__ is base:
                    found.append((name, member.__get__))
                elif type(name) is str and name == "__dict__":
                    if type(member) is not GETSET:
                        return None
                    found.append((None, member.__get__))
        return found if order else None

    def _object(self, value, cls, fields):
        pairs = []
        for name, read in fields:
            try:
                content = read(value)
            except AttributeError:
                continue
            if name is not None:
                pairs.append((name, content))
            elif type(content) is dict:
                pairs.extend([pair for pair in content.items() if type(pair[0]) is str])
        self._spend(len(pairs))
        text = self._text
        return '{"object":{"class":%s,"fields":[%s]}}' % (
            quoted(class_name(cls)),
            ",".join(sorted(["[%s,%s]" % (quoted(name), text(item)) for name, item in pairs])),
        )

    def _numbered(self, value, cls):
        known = self.numbers.get(address(value))
        if known is None:
            if FLAGS(cls) & EXCEPTION:
                # An exception holds frames: to keep it would keep what they hold.
                return '{"object":{"class":%s}}' % quoted(class_name(cls))
            if len(self.numbers) >= MOST_NUMBERED:
                raise Truncated
            # Kept, so that no other object gets its place.
            known = self.numbers[address(value)] = (len(self.numbers) + 1, value)
        return '{"object":{"class":%s,"number":%d}}' % (quoted(class_name(cls)), known[0])
