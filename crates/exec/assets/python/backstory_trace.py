"""What does a program do, statement by statement?

In: the code objects to follow and the rows of their file. Out: lines of text, one an
event, in the order they happen; `docs/execution-reasoning.md` states their form.

From Python 3.12 on events come from `sys.monitoring`, before from `sys.settrace`. An
activation begins where an instruction of another statement of the frame was executed
before, and ends where control leaves the statement's own code.
"""

import sys
from _thread import get_ident

import backstory_statements
from backstory_values import address, class_name, quoted

#: Bound here, because a program may replace its builtins.
abs, any, issubclass, len, list, map, type = abs, any, issubclass, len, list, map, type

#: The number a tool takes; those below 3 belong to debuggers and coverage.
TOOL = 3

#: The types below by address, because a metaclass may hash its classes.
ATOMS = frozenset(map(address, (int, str, bool, float, type(None))))
FIXED = frozenset(map(address, (tuple, frozenset)))
FLAT = FIXED | frozenset(map(address, (list, set)))

#: Of longer containers the elements are not remembered.
MOST_REMEMBERED = 1024

OPMAP = backstory_statements.OPMAP
#: What handlers begin with that belong to a statement, not around it.
INNER_HANDLERS = frozenset(
    OPMAP[name] for name in ("END_ASYNC_FOR", "CLEANUP_THROW", "SWAP") if name in OPMAP
)
#: That of a comprehension, which raises again what it got.
SWAP = OPMAP["SWAP"]


class Taken(Exception):
    """Says that another tool follows the program already."""


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


def thrown_text(exception):
    """Returns how an exception is written."""
    return quoted(class_name(type(exception)))


class Monitoring:
    """Follows with `sys.monitoring`."""

    def __init__(self, recorder, counts_all):
        self.recorder = recorder
        self.callbacks = self._callbacks(recorder, counts_all)

    def start(self):
        """Begins to follow."""
        tools = sys.monitoring
        try:
            tools.use_tool_id(TOOL, "backstory")
        except ValueError:
            raise Taken()
        events = tools.events
        for event, callback in self.callbacks.items():
            tools.register_callback(TOOL, event, callback)
        self.local = events.LINE | events.PY_RESUME | events.PY_RETURN | events.PY_YIELD
        self.everywhere = events.PY_START | events.PY_UNWIND | events.PY_THROW
        self.everywhere |= events.EXCEPTION_HANDLED | events.RERAISE
        tools.set_events(TOOL, self.everywhere)
        self.follow()

    def follow(self):
        """Follows the code objects that the recorder has."""
        for followed in self.recorder.followed.values():
            sys.monitoring.set_local_events(TOOL, followed.code, self.local)

    def is_untouched(self):
        """Returns whether everything is as it was left; follows nothing any more."""
        tools = sys.monitoring
        if tools.get_tool(TOOL) != "backstory" or tools.get_events(TOOL) != self.everywhere:
            return False
        untouched = True
        for followed in self.recorder.followed.values():
            untouched &= tools.get_local_events(TOOL, followed.code) == self.local
        for event, callback in self.callbacks.items():
            untouched &= tools.register_callback(TOOL, event, None) is callback
        return untouched

    def stop(self):
        """Gives back what was taken."""
        tools = sys.monitoring
        if tools.get_tool(TOOL) == "backstory":
            tools.set_events(TOOL, 0)
            for event in self.callbacks:
                tools.register_callback(TOOL, event, None)
            tools.free_tool_id(TOOL)

    def _callbacks(self, recorder, counts_all):
        events, frame_of = sys.monitoring.events, sys._getframe
        followed, ignored, stack = recorder.followed, recorder.ignored, recorder.stack
        suspended, off = recorder.suspended, sys.monitoring.DISABLE
        reach, values = recorder.reach, recorder.values

        unknown, elsewhere, owner = recorder.unknown, recorder.elsewhere, recorder.owner
        set_local, lines = sys.monitoring.set_local_events, events.LINE

        def start(code, offset):
            known = followed.get(address(code))
            if known is None and unknown is not None:
                known = unknown(code)
                if known == "lines":
                    set_local(TOOL, code, lines)
                    return off
                if known is not None:
                    set_local(TOOL, code, self.local)
            if known is not None:
                if owner is None or get_ident() == owner:
                    recorder.call(frame_of(1), known)
                return None
            if address(code) not in ignored and code.co_name not in backstory_statements.PARTS:
                recorder.library += 1
            return None if counts_all else off

        def line(code, number):
            activity = stack[-1] if stack else None
            if activity is None or activity.code is not code:
                if elsewhere is not None:
                    elsewhere(code, number)
            elif owner is None or get_ident() == owner:
                # What `reach` does, without a call where nothing changes.
                place = activity.table.get(activity.frame.f_lasti)
                current = activity.current
                if place is None or (place != current and place != -current):
                    reach(activity, activity.frame.f_lasti)

        def innermost(code):
            activity = stack[-1] if stack else None
            if activity is None or activity.code is not code:
                return None
            # Another thread, or a frame that began unseen, may run the same code. The frame
            # is asked for last: most events are of code that is not followed.
            return activity if activity.frame is frame_of(2) else None

        def returned(code, offset, value):
            activity = innermost(code)
            if activity is not None:
                recorder.finish(activity)
                recorder.leave("r", values.text(value) if values is not None else "", False)
                suspended.pop(activity.frame, None)

        def yielded(code, offset, value):
            if innermost(code) is not None:
                text = values.text(value) if values is not None else ""
                recorder.leave("y", text, True)

        def resumed(code, offset):
            activity = suspended.pop(frame_of(1), None)
            if activity is not None:
                recorder.resume(activity, "")

        def thrown(code, offset, exception):
            if address(code) in followed:
                activity = suspended.pop(frame_of(1), None)
                if activity is not None:
                    recorder.resume(activity, thrown_text(exception))

        def unwound(code, offset, exception):
            activity = innermost(code)
            if activity is not None:
                recorder.fail(activity, type(exception))
                recorder.leave("u", "", False)
                recorder.lines[-1] += thrown_text(exception)
                suspended.pop(activity.frame, None)

        def handled(code, offset, exception):
            activity = innermost(code)
            if activity is not None:
                operation = activity.followed.raw[offset]
                if operation not in INNER_HANDLERS:
                    recorder.fail(activity, type(exception))
                elif operation == SWAP:
                    activity.failing = True

        def raised_again(code, offset, exception):
            # At the end of a `finally`, or where no handler fits: what was executed last
            # has ended before.
            activity = innermost(code)
            if activity is not None and not activity.failing:
                if activity.followed.places.kind(activity.current) == "Raise":
                    recorder.fail(activity, type(exception))
                recorder.finish(activity)

        return {
            events.PY_START: start,
            events.LINE: line,
            events.PY_RETURN: returned,
            events.PY_YIELD: yielded,
            events.PY_RESUME: resumed,
            events.PY_THROW: thrown,
            events.PY_UNWIND: unwound,
            events.EXCEPTION_HANDLED: handled,
            events.RERAISE: raised_again,
        }


def raised_by(activity):
    """Returns the class that a `raise` raised, of which no event says so, or nothing."""
    if activity.followed.places.kind(activity.current) == "Raise":
        return current_class()
    return None


def current_class():
    """Returns the class of the exception that is on its way or handled."""
    kind = sys.exc_info()[0]
    return BaseException if kind is None else kind


class Tracing:
    """Follows with `sys.settrace`."""

    def __init__(self, recorder, counts_all):
        self.recorder = recorder
        self.called = self._called(recorder, self._local(recorder))

    def start(self):
        """Begins to follow."""
        if sys.gettrace() is not None:
            raise Taken()
        sys.settrace(self.called)

    def follow(self):
        """Follows the code objects that the recorder has."""
        if sys.gettrace() is None:
            sys.settrace(self.called)

    def is_untouched(self):
        """Returns whether everything is as it was left; follows nothing any more."""
        untouched = sys.gettrace() is self.called
        sys.settrace(None)
        return untouched

    def stop(self):
        """Gives back what was taken."""
        if sys.gettrace() is self.called:
            sys.settrace(None)

    def _called(self, recorder, local):
        followed, ignored, suspended = recorder.followed, recorder.ignored, recorder.suspended
        unknown, decided, lines = recorder.unknown, {}, self._lines(recorder.elsewhere)

        def called(frame, event, argument):
            try:
                return follow(frame)
            except RecursionError:
                # The interpreter follows no more after a function that raises.
                recorder.recursed = True
                return None

        def follow(frame):
            code = frame.f_code
            known = followed.get(address(code))
            if known is None and unknown is not None:
                known = decided.get(address(code))
                if known is None:
                    # With its code, so that no other gets its place.
                    known = decided[address(code)] = (unknown(code), code)
                known = known[0]
                if known == "lines":
                    return lines
            if known is None:
                if address(code) not in ignored and code.co_name not in backstory_statements.PARTS:
                    recorder.library += 1
                return None
            activity = suspended.pop(frame, None)
            if activity is None:
                recorder.call(frame, known)
            else:
                recorder.resume(activity, "")
            return local

        return called

    def _lines(self, elsewhere):
        def lines(frame, event, argument):
            if event == "line":
                elsewhere(frame.f_code, frame.f_lineno)
            return lines

        return lines

    def _local(self, recorder):
        stack, suspended = recorder.stack, recorder.suspended
        for_iter, send = OPMAP["FOR_ITER"], OPMAP.get("SEND", -1)
        returns, yields = OPMAP["RETURN_VALUE"], OPMAP["YIELD_VALUE"]
        values, pending = recorder.values, {}

        def local(frame, event, argument):
            try:
                follow(frame, event, argument)
            except RecursionError:
                recorder.recursed = True
            return local

        def follow(frame, event, argument):
            activity = stack[-1] if stack else None
            if activity is None or activity.frame is not frame:
                # `throw` makes no call of a suspended frame.
                activity = suspended.pop(frame, None)
                if activity is None:
                    return
                recorder.resume(activity, quoted(class_name(argument[0])))
            if event == "line":
                exception = pending.pop(frame, None)
                if exception is None and recorder.leaves(activity, frame.f_lasti):
                    exception = raised_by(activity)
                if exception is not None:
                    recorder.fail(activity, exception)
                recorder.reach(activity, frame.f_lasti)
            elif event == "exception":
                operation = activity.followed.raw[frame.f_lasti]
                kind = activity.followed.places.kind(activity.current)
                inner = operation in (for_iter, send) and issubclass(argument[0], StopIteration)
                last = kind == "AsyncFor" and issubclass(argument[0], StopAsyncIteration)
                if not inner and not last:
                    pending[frame] = argument[0]
            elif event == "return":
                operation = activity.followed.raw[frame.f_lasti]
                exception = pending.pop(frame, None)
                if operation == yields:
                    text = values.text(argument) if values is not None else ""
                    recorder.leave("y", text, True)
                elif operation == returns:
                    if exception is not None:
                        recorder.fail(activity, exception)
                    recorder.finish(activity)
                    recorder.leave("r", values.text(argument) if values is not None else "", False)
                else:
                    exception = exception or raised_by(activity)
                    if exception is not None:
                        recorder.fail(activity, exception)
                    recorder.finish(activity)
                    recorder.leave("u", "", False)
                    recorder.lines[-1] += quoted(class_name(exception or current_class()))

        return local


def follower(recorder, counts_all=True):
    """Returns what follows on this interpreter."""
    kind = Monitoring if hasattr(sys, "monitoring") else Tracing
    return kind(recorder, counts_all)
