"""What does a program do, statement by statement?

In: the code objects to follow and the rows of their file. Out: lines of text, one an
event, in the order they happen; `docs/execution-reasoning.md` states their form.

`backstory_follow` says what happens.
"""

import backstory_statements
from backstory_values import address, class_name, quoted

#: Bound here, because a program may replace its builtins.
abs, len, list, map, type = abs, len, list, map, type

#: The types below by address, because a metaclass may hash its classes.
ATOMS = frozenset(map(address, (int, str, bool, float, type(None))))
FIXED = frozenset(map(address, (tuple, frozenset)))
FLAT = FIXED | frozenset(map(address, (list, set)))

#: Of longer containers the elements are not remembered.
MOST_REMEMBERED = 1024


class Followed:
    """One code object that is followed."""

    __slots__ = ("code", "index", "places", "table", "raw")

    def __init__(self, code, index, places):
        self.code = code
        self.index = index
        self.places = places
        self.table = {}
        self.raw = code.co_code


class Discarded:
    """Takes the place of the lines when there are enough of them."""

    def append(self, line):
        """Takes a line."""

    def __getitem__(self, place):
        return ""

    def __setitem__(self, place, line):
        pass


class Activity:
    """One frame that is followed, from its call to its end."""

    __slots__ = ("frame", "number", "code", "followed", "table", "current", "count", "known", "last", "odd", "failing")

    def __init__(self, frame, number, followed):
        self.frame = frame
        self.number = number
        self.code = followed.code
        self.followed = followed
        self.table = followed.table
        self.current = 0
        self.count = 0
        self.known = {}
        self.last = {}
        self.odd = False
        self.failing = False


class Recorder:
    """Writes what happens.

    `values` writes a value, or is nothing. `points` holds the numbers of statements and
    activations after which values are written, or is nothing: then they are everywhere.
    """

    def __init__(self, values, points, most_steps, most_bytes, stop):
        self.lines = []
        self.followed = {}
        self.ignored = set()
        self.stack = []
        self.suspended = {}
        self.frames = 0
        self.steps = 0
        self.recursed = False
        self.library = 0
        self.counts = {}
        self.values = values
        self.points = points
        self.most_steps = most_steps
        self.bytes_left = most_bytes
        self.stop = stop
        self.names = {}
        # Of a run of tests: decides about code that is met, takes lines of code that is
        # not followed, and the thread that is.
        self.unknown = None
        self.elsewhere = None
        self.owner = None

    def clear(self):
        """Forgets everything, as if nothing had been followed."""
        self.followed.clear()
        self.clear_events()

    def clear_events(self):
        """Forgets what happened."""
        for part in (self.stack, self.suspended, self.counts, self.lines):
            part.clear()
        self.frames = self.steps = self.library = 0
        if self.values is not None:
            self.values.numbers.clear()

    def follow(self, rows, code):
        """Follows a file from its module's code down; returns the functions in order."""
        starts = [row[:2] for row in rows]
        functions = []
        for inner in backstory_statements.codes_of(code):
            places = backstory_statements.Places(rows, starts, inner)
            if not places.own:
                continue
            self.followed[address(inner)] = Followed(inner, len(self.followed), places)
            functions.append((inner.co_qualname, inner.co_firstlineno))
        return functions

    # Frames.

    def call(self, frame, followed):
        """A frame begins."""
        self.frames += 1
        activity = Activity(frame, self.frames, followed)
        self.stack.append(activity)
        if self.values is None or self.points is not None:
            self.lines.append("c%d" % followed.index)
        else:
            self.lines.append("c%d%s" % (followed.index, self.delta(activity)))

    def resume(self, activity, thrown):
        """A suspended frame goes on."""
        self.stack.append(activity)
        self.lines.append("g%d%s" % (activity.number, thrown))

    def leave(self, letter, text, suspended):
        """The innermost frame is left, for good or for now."""
        activity = self.stack.pop()
        if not suspended:
            activity.current = 0
        if self.values is None or self.points is not None:
            text = ""
        self.lines.append(letter + text)
        self.bytes_left -= len(text)
        if suspended:
            self.suspended[activity.frame] = activity
        return activity

    # Activations.

    def leaves(self, activity, offset):
        """Returns whether control leaves the open activation for an instruction."""
        current = activity.current
        return current and abs(activity.followed.places.place(offset)) != current

    def reach(self, activity, offset):
        """Control comes to an instruction, maybe of another statement."""
        place = activity.table.get(offset)
        if place is None:
            place = activity.table[offset] = activity.followed.places.place(offset)
        current = activity.current
        if place == current or place == -current:
            return
        if current:
            self.end(activity, current)
        if place > 0:
            self.begin(activity, place)
        else:
            activity.current = 0

    def begin(self, activity, place):
        """An activation begins."""
        activity.current = place
        self.lines.append("b%d" % place)
        self.steps += 1
        if self.steps > self.most_steps or self.bytes_left < 0:
            self.stop("steps" if self.bytes_left >= 0 else "trace")
        if self.points is not None:
            activity.count = self.counts[place] = self.counts.get(place, 0) + 1

    def end(self, activity, current):
        """An activation ends normally."""
        if self.values is None or (
            self.points is not None and (current, activity.count) not in self.points
        ):
            self.lines.append("e")
        else:
            self.lines.append("e" + self.delta(activity))

    def finish(self, activity):
        """An activation ends because its frame is left."""
        if activity.current:
            self.end(activity, activity.current)
            activity.current = 0

    def fail(self, activity, exception):
        """An activation ends by an exception."""
        if exception is RecursionError:
            # Where it is raised depends on how much of the stack the tracer needs.
            self.recursed = True
        if activity.current:
            self.lines.append("x" + quoted(class_name(exception)))
            activity.current = 0
            activity.failing = False

    def delta(self, activity):
        """Returns what changed among the frame's variables."""
        found = activity.frame.f_locals
        changed, added, known, last = [], False, activity.known, activity.last
        names, write = self.names, self.values.text
        for name, value in found.items():
            seen = last.get(name)
            if seen is not None and seen[0] is value:
                # Of a container of atoms it is enough that they are the same objects.
                if seen[1] is None or seen[1] == [*map(address, value)]:
                    continue
            place = names.get(name)
            if place is None:
                place = names[name] = named(name)
            if not place:
                activity.odd = True
                continue
            text = write(value)
            last[name] = remembered(value)
            before = known.get(name)
            if before != text:
                added = added or before is None
                known[name] = text
                changed.append(place + text)
        gone = ""
        if added or activity.odd or len(known) > len(found):
            gone = self._gone(activity, found)
        if not changed:
            return gone
        text = "{%s}%s" % (",".join(changed), gone)
        self.bytes_left -= len(text)
        return text

    def _gone(self, activity, found):
        """Returns the variables that are unbound again."""
        missing = [name for name in activity.known if name not in found]
        if missing and activity.current:
            # Its name leaves a handler after the handler's last statement has ended.
            bound = activity.followed.places.bound(activity.current)
            missing = [name for name in missing if name not in bound]
        for name in missing:
            del activity.known[name]
            activity.last.pop(name, None)
        return "[%s]" % ",".join([quoted(name) for name in missing]) if missing else ""


def remembered(value):
    """Returns by what it is seen that a variable is the same as before, if that is cheap.

    That is the object and, of a list or set of atoms, the addresses of its elements, which
    are kept so that no others get them. Whatever may hold more than atoms is not kept.
    """
    kind = address(type(value))
    if kind in ATOMS:
        return value, None
    if kind not in FLAT or len(value) > MOST_REMEMBERED:
        return None
    elements = list(value)
    if not ATOMS.issuperset(map(address, map(type, elements))):
        return None
    return value, None if kind in FIXED else [*map(address, elements)], elements


def named(name):
    """Returns how a variable is written; nothing for what no source names."""
    if type(name) is not str or not name.isidentifier() or name[:2] == "__" == name[-2:]:
        return ""
    return quoted(name) + ":"
