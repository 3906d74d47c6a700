"""How does an interpreter say what a program does?

In: a recorder (`backstory_trace`), which has the code objects to follow. Out: its calls,
in the order in which things happen.

From Python 3.12 on events come from `sys.monitoring`, before from `sys.settrace`. An
activation begins where an instruction of another statement of the frame was executed
before, and ends where control leaves the statement's own code.
"""

import sys
from _thread import get_ident

import backstory_statements
from backstory_values import address, class_name, quoted

#: Bound here, because a program may replace its builtins.
issubclass, type = issubclass, type

#: The number a tool takes; those below 3 belong to debuggers and coverage.
TOOL = 3

OPMAP = backstory_statements.OPMAP
#: What handlers begin with that belong to a statement, not around it.
INNER_HANDLERS = frozenset(
    OPMAP[name] for name in ("END_ASYNC_FOR", "CLEANUP_THROW", "SWAP") if name in OPMAP
)
#: That of a comprehension, which raises again what it got.
SWAP = OPMAP["SWAP"]


class Taken(Exception):
    """Says that another tool follows the program already."""


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
