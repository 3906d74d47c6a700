"""Which statements does a Python file have?

In: the syntax tree of the file. Out: a row for each statement, handler and case in
source order, with what `docs/execution-reasoning.md` says of it.
"""

import ast

from backstory_statements import DEFINITIONS, SILENT

#: Kinds whose header is evaluated and may be folded away by the compiler.
TESTED = ("If", "While", "Assert")

#: Kinds with a header that is evaluated again and again.
LOOPS = ("While", "For", "AsyncFor")

#: The parts of a node that are its header.
HEADERS = ("test", "target", "iter", "items", "subject", "type", "pattern", "guard")

#: The parts of a node that hold statements.
BODIES = ("body", "handlers", "orelse", "finalbody", "cases")

#: What a constant expression consists of.
CONSTANT = (ast.Constant, ast.UnaryOp, ast.BinOp, ast.BoolOp, ast.Compare, ast.Tuple)


class Statement:
    """One statement, handler (`except`) or case of a file."""

    __slots__ = ("node", "kind", "parent", "field", "start", "end", "number", "silent")

    def __init__(self, node, parent, field):
        self.node = node
        self.kind = type(node).__name__
        self.parent = parent
        self.field = field
        self.start, self.end = span(node)
        self.number = 0
        self.silent = False


def span(node):
    """Returns the first and last place, decorators included."""
    if type(node) is ast.match_case:
        first, last = node.pattern, node.body[-1]
        return (first.lineno, first.col_offset), (last.end_lineno, last.end_col_offset)
    start = (node.lineno, node.col_offset)
    for decorator in getattr(node, "decorator_list", ()):
        start = min(start, (decorator.lineno, decorator.col_offset))
    return start, (node.end_lineno, node.end_col_offset)


def rows_of(tree):
    """Returns a row for each statement, in source order; the first one has number 1.

    A row is the span (line, column, end line, end column; columns in bytes), the kind,
    the number of the statement around it or 0, why nobody should be asked about it or
    nothing, whether it may be executed without a trace, whether it lies right in a
    `finally`, and the name that it defines or binds as a handler,
    or those that it deletes.
    """
    found = []
    left = [(tree, None)]
    while left:
        node, parent = left.pop()
        for field in BODIES:
            part = getattr(node, field, None)
            if type(part) is list:
                for child in part:
                    one = Statement(child, parent, field)
                    found.append(one)
                    left.append((child, one))
    found.sort(key=lambda one: one.start)
    lines = {}
    for number, one in enumerate(found, 1):
        one.number = number
        if one.kind not in ("Try", "TryStar"):
            for line in range(one.start[0], last_line(one) + 1):
                lines[line] = lines.get(line, 0) + 1
    rows = []
    for one in found:
        why = reason(one)
        if why is None and any(
            [lines[line] > 1 for line in range(one.start[0], last_line(one) + 1)]
        ):
            why = "shares_line"
        around = one.parent.number if one.parent is not None else 0
        final = int(one.field == "finalbody")
        name = getattr(one.node, "name", None)
        name = name if type(name) is str else None
        if one.kind == "Delete":
            name = tuple([part.id for part in one.node.targets if type(part) is ast.Name])
        rows.append(one.start + one.end + (one.kind, around, why, int(one.silent), final, name))
    return rows


def last_line(one):
    """Returns the last line of a statement's own code: of its header if it has a body."""
    node, first = one.node, one.start[0]
    if one.end[0] == first or one.kind in DEFINITIONS:
        return first
    if not hasattr(node, "body") and one.kind != "Match":
        return one.end[0]
    last = first
    for name in HEADERS:
        part = getattr(node, name, None)
        if name == "items" and part is not None:
            part = part[-1].optional_vars or part[-1].context_expr
        if part is not None and not isinstance(part, str):
            last = max(last, part.end_lineno)
    return last


def reason(one):
    """Returns why nobody should be asked about a statement, or nothing."""
    node, kind = one.node, one.kind
    if kind in DEFINITIONS:
        return "definition"
    if kind in SILENT:
        one.silent = kind in ("Global", "Nonlocal")
        return "no_code"
    if kind == "Expr" and type(node.value) is ast.Constant:
        if type(node.value.value) is str and is_first(one):
            return "docstring"
        one.silent = True
        return "no_code"
    if kind == "AnnAssign" and node.value is None:
        one.silent = True
        return "no_code"
    if kind in TESTED and folds(node.test):
        one.silent = True
        return "constant_test"
    if kind in LOOPS and all([without_code(part) for part in node.body]):
        return "empty_loop"
    if kind == "ExceptHandler" and one.parent.kind == "TryStar":
        return "group_handler"
    parent = one.parent
    while parent is not None and parent.kind not in DEFINITIONS:
        parent = parent.parent
    return "class_body" if parent is not None and parent.kind == "ClassDef" else None


def is_first(one):
    """Returns whether a statement is the first of a definition."""
    parent = one.parent
    return parent is not None and parent.kind in DEFINITIONS and parent.node.body[0] is one.node


def folds(test):
    """Returns whether the compiler may decide a test without running it."""
    if type(test) is ast.BoolOp and any(type(part) is ast.Constant for part in test.values):
        return True
    if type(test) is ast.Name and test.id == "__debug__":
        return True
    if type(test) is ast.UnaryOp:
        return folds(test.operand)
    if type(test) is ast.BoolOp and any(folds(part) for part in test.values):
        return True
    return all(
        isinstance(part, CONSTANT + (ast.expr_context, ast.operator, ast.unaryop, ast.boolop, ast.cmpop))
        for part in ast.walk(test)
    )


def without_code(node):
    """Returns whether a statement alone has no instruction."""
    return type(node) in (ast.Global, ast.Nonlocal) or (
        type(node) is ast.Expr and type(node.value) is ast.Constant
    )
