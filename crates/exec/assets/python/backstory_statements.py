"""Which statement does an instruction belong to, and where is one entered?

In: the rows of a file (`backstory_rows`) and its code objects. Out: for an offset of a
code object the number of its statement, negative where control only comes back to it:
after the body of a `with`, or where a `return` goes on after a `finally`.
"""

from _bisect import bisect_right

import opcode

#: Code of these names is a part of the statement around it.
PARTS = ("<lambda>", "<listcomp>", "<setcomp>", "<dictcomp>", "<genexpr>")

#: Kinds that have no code of their own.
SILENT = ("Try", "TryStar", "Global", "Nonlocal")

#: Kinds that nobody is asked about.
DEFINITIONS = ("FunctionDef", "AsyncFunctionDef", "ClassDef")

OPMAP = opcode.opmap
EXTENDED = OPMAP["EXTENDED_ARG"]
RELATIVE = frozenset(opcode.hasjrel)
BACKWARD = frozenset([number for name, number in OPMAP.items() if "BACKWARD" in name])

#: Instructions after which the next one is not executed, or not by falling into it.
LEAVING = frozenset(
    number
    for name, number in OPMAP.items()
    if name.startswith(("JUMP_FORWARD", "JUMP_BACKWARD", "RETURN_VALUE", "RETURN_CONST"))
    or name in ("RAISE_VARARGS", "RERAISE")
)
OPENS_WITH = ("BEFORE_WITH", "BEFORE_ASYNC_WITH", "LOAD_SPECIAL")
BEFORE_WITH = frozenset([OPMAP[name] for name in OPENS_WITH if name in OPMAP])
END_ASYNC_FOR = OPMAP["END_ASYNC_FOR"]


def cache_sizes():
    """Returns how many units after each instruction are its own."""
    sizes = opcode._inline_cache_entries
    if type(sizes) is dict:
        return {OPMAP[name]: size for name, size in sizes.items() if size and name in OPMAP}
    return {number: size for number, size in enumerate(sizes) if size}


CACHES = cache_sizes()


def codes_of(module):
    """Returns every code object that is a function or class body, outermost first."""
    found, left = [], [module]
    code_type = type(module)
    while left:
        code = left.pop(0)
        if code.co_name[0] != "<":
            found.append(code)
        left.extend([inner for inner in code.co_consts if type(inner) is code_type])
    return found


class Places:
    """Says which statement of a file an instruction of one code object is of."""

    def __init__(self, rows, starts, code):
        self.rows = rows
        self.starts = starts
        self.code = code
        self.positions = list(code.co_positions())
        self.raw = code.co_code
        self.own = self._definition(code)
        self.before = None

    def _definition(self, code):
        """Returns the number of the definition that the code is the body of, or 0."""
        line, number = code.co_firstlineno, bisect_right(self.starts, (code.co_firstlineno,))
        while number < len(self.rows) and self.rows[number][0] == line:
            number += 1
            if self.rows[number - 1][4] in DEFINITIONS and self.rows[number - 1][9] == code.co_name:
                return number
        return 0

    def place(self, offset):
        """Returns the number of the statement that is entered at an offset.

        It is negative where control comes back to a statement, and 0 where no statement
        has code.
        """
        number = self.owner(offset)
        if number == 0:
            return 0
        kind = self.rows[number - 1][4]
        if kind in SILENT:
            return 0
        if kind in ("With", "AsyncWith"):
            return number if self._opens(offset, number) else -number
        if kind == "AsyncFor":
            return -number if self.raw[offset] == END_ASYNC_FOR else number
        if kind in ("Return", "Break", "Continue") and self._is_tail(offset, number):
            return -number
        return number

    def owner(self, offset):
        """Returns the number of the innermost statement around an instruction."""
        line, end_line, column, end_column = self.positions[offset // 2]
        if line is None or column is None or end_column is None:
            return 0
        rows = self.rows
        number, end = bisect_right(self.starts, (line, column)), (end_line, end_column)
        while number and rows[number - 1][2:4] < end:
            number = rows[number - 1][5]
        # The first instructions of a body bear the place of its own definition.
        around = number
        while around > self.own:
            around = rows[around - 1][5]
        return number if around == self.own and number != around else 0

    def kind(self, number):
        """Returns the kind of a statement, or nothing."""
        return self.rows[number - 1][4] if number else None

    def bound(self, number):
        """Returns the names that handlers around a statement bind and it does not delete."""
        names, row = [], self.rows[number - 1]
        deleted = row[9] if row[4] == "Delete" else ()
        while number:
            row = self.rows[number - 1]
            if row[4] == "ExceptHandler" and row[9] is not None and row[9] not in deleted:
                names.append(row[9])
            number = row[5]
        return names

    def _opens(self, offset, number):
        """Returns whether the `with` is still to be entered."""
        raw = self.raw
        while offset < len(raw) and self.owner(offset) in (number, 0):
            if raw[offset] in BEFORE_WITH:
                return True
            offset += 2 + 2 * CACHES.get(raw[offset], 0)
        return False

    def _is_tail(self, offset, number):
        """Returns whether a jump goes on here after a `finally` or the end of a `with`."""
        if self.before is None:
            self.before = edges(self.code)
        others = [self.owner(at) for at in self.before.get(offset, ()) if at is not None]
        if not others:
            return False
        for at, other in zip(self.before[offset], others):
            if other == number or self._in_final_part_around(other, number):
                continue
            kind = self.rows[other - 1][4] if other else ""
            if kind in ("With", "AsyncWith") and self._encloses(other, number):
                if not self._opens(at, other) and self._is_after_exit(at, other):
                    continue
            return False
        return True

    def _encloses(self, outer, inner):
        """Returns whether a statement lies in another one."""
        while inner > outer:
            inner = self.rows[inner - 1][5]
        return inner == outer

    def _is_after_exit(self, offset, number):
        """Returns whether an instruction of a `with` comes after its body, not before."""
        raw, opened, at = self.raw, None, 0
        while at <= offset:
            if self.owner(at) == number:
                if raw[at] in BEFORE_WITH:
                    opened = True
            elif opened:
                opened = False
            at += 2 + 2 * CACHES.get(raw[at], 0)
        return opened is False

    def _in_final_part_around(self, other, number):
        rows = self.rows
        while other:
            around, final = rows[other - 1][5], rows[other - 1][8]
            if final:
                inner = number
                while inner:
                    if rows[inner - 1][5] == around and not rows[inner - 1][8]:
                        return True
                    inner = rows[inner - 1][5]
            other = around
        return False


def edges(code):
    """Returns for each offset those from which control may come without an exception."""
    raw, found = code.co_code, {}
    before, extended, offset = None, 0, 0
    while offset < len(raw):
        operation = raw[offset]
        found.setdefault(offset, [])
        if before is not None:
            found[offset].append(before)
        argument = raw[offset + 1] | extended
        extended = argument << 8 if operation == EXTENDED else 0
        after = offset + 2 + 2 * CACHES.get(operation, 0)
        if operation in RELATIVE:
            step = -2 * argument if operation in BACKWARD else 2 * argument
            found.setdefault(after + step, []).append(offset)
        before = None if operation in LEAVING else offset
        offset = after
    return found
