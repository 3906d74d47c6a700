"""Which programs have executions that are easily counted wrongly?

Each has a name, a source, a call, and the least version of Python that reads it.
"""

from __future__ import annotations

Program = tuple[str, str, str, tuple[int, int]]

TEXT = '''
### for with its last check: f([3, 4])
def f(xs):
    total = 0
    for x in xs:
        total += x
    return total

### for over nothing: f([])
def f(xs):
    for x in xs:
        x += 1
    return "none"

### for else and break: f([1, 2, 3], 2), f([1], 9)
def f(xs, wanted):
    for place, x in enumerate(xs):
        if x == wanted:
            break
    else:
        place = -1
    return place

### while with its last check: f(3)
def f(n):
    while n > 0:
        n -= 1
    return n

### while else: f(2)
def f(n):
    while n:
        n -= 1
    else:
        n = 10
    return n

### while true with break and continue: f(5)
def f(n):
    seen = []
    while True:
        n -= 1
        if n % 2:
            continue
        if n < 1:
            break
        seen.append(n)
    return seen

### while true with one statement: f()
def f():
    it = iter([1, 2, 3])
    try:
        while True:
            x = next(it)
    except StopIteration:
        return x

### while one: f(3)
def f(n):
    while 1:
        n -= 1
        if not n:
            return n

### nested loops: f(3)
def f(n):
    pairs = []
    for i in range(n):
        for j in range(i):
            if j == i - 2:
                continue
            pairs.append((i, j))
    return pairs

### loop whose body ends with a loop: f([[1, 2], [], [3]])
def f(rows):
    total = 0
    while rows:
        row = rows.pop()
        while row:
            total += row.pop()
    return total

### pass in a loop: f(3)
def f(n):
    for i in range(n):
        pass
    return i

### continue alone in a loop: f(3)
def f(n):
    for i in range(n):
        continue
    return i

### loop over several lines: f()
def f():
    total = 0
    for x in [
        1,
        total + 2,
        3,
    ]:
        total = (
            total
            + x
        )
    return total

### while over several lines: f(4)
def f(n):
    while (
        n > 0
        and n < 100
    ):
        n = max(
            n - 2,
            -1,
        )
    return n

### condition over several lines: f(1, 0), f(1, 1)
def f(a, b):
    if (
        a
        and b
    ):
        return (
            a,
            b,
        )
    elif (a
          or b):
        return [
            a
        ]

### statement that starts below its own line: f(1)
def f(a):
    x = (
        a + 1
    )
    return (
        x
    )

### call over several lines with a helper: f(2)
def g(a, b):
    return a + b

def f(n):
    x = g(
        g(n, 1),
        g(
            n,
            2,
        ),
    )
    return x

### helper first: f(2)
def g(n):
    n += 1
    return n

def f(n):
    x = g(n) + g(n)
    return x

### helper last: f(2)
def f(n):
    x = g(n) + g(n)
    return x

def g(n):
    n += 1
    return n

### helper nested: f(2)
def f(n):
    def g(m):
        m += n
        return m
    x = g(n) + g(1)
    return x

### recursion: f(4)
def f(n):
    if n < 2:
        return n
    a = f(n - 1)
    b = f(n - 2)
    return a + b

### recursion in one expression: f(3)
def f(n):
    return 1 if n == 0 else n * f(n - 1)

### mutual recursion: even(3)
def even(n):
    if n == 0:
        return True
    return odd(n - 1)

def odd(n):
    if n == 0:
        return False
    return even(n - 1)

### try except: f("1"), f("x"), f(None)
def f(text):
    try:
        n = int(text)
    except ValueError:
        n = -1
    except TypeError as error:
        n = -2
    return n

### try else finally: f("1"), f("x")
def f(text):
    log = []
    try:
        n = int(text)
    except ValueError as error:
        log.append("bad")
    else:
        log.append(n)
    finally:
        log.append("end")
    return log

### bare except: f()
def f():
    try:
        1 / 0
    except:
        x = 1
    return x

### handlers over several lines: f()
def f():
    try:
        raise KeyError(
            "k"
        )
    except (
        ValueError,
        TypeError,
    ):
        x = 1
    except (KeyError,
            IndexError) as error:
        x = 2
    return x

### return in try with finally: f()
def f():
    log = []
    try:
        log.append(1)
        return log
    finally:
        log.append(2)

### constant return in try with finally: f()
def f():
    x = 0
    try:
        x = 1
        return 5
    finally:
        x = 2
        if x:
            x = 3

### return overridden in finally: f()
def f():
    for i in range(3):
        try:
            return i
        finally:
            if i < 2:
                continue
    return "never"

### break and continue through finally: f()
def f():
    log = []
    for i in range(4):
        try:
            if i == 1:
                continue
            if i == 3:
                break
            log.append(i)
        finally:
            log.append("f")
    return log

### exception through finally: f()
def f():
    log = []
    try:
        try:
            log.append(1)
            raise ValueError
            log.append(2)
        finally:
            log.append(3)
    except ValueError:
        log.append(4)
    return log

### raise that leaves the call: f(2)
def f(n):
    x = n
    raise KeyError(x)

### exception from a helper: f([1, 0])
def g(a):
    b = 10 // a
    return b

def f(xs):
    out = []
    for x in xs:
        try:
            out.append(g(x))
        except ZeroDivisionError:
            out.append(None)
    return out

### raise again: f()
def f():
    try:
        try:
            1 / 0
        except ZeroDivisionError:
            x = 1
            raise
    except ArithmeticError as error:
        x = 2
    return x

### raise from: f()
def f():
    try:
        try:
            {}["a"]
        except KeyError as error:
            raise ValueError("v") from error
    except ValueError as error:
        return str(error)

### return in an except with a name: f()
def f():
    try:
        int("x")
    except ValueError as error:
        return len(str(error)) > 0
    return None

### nested functions that raise: f()
def f():
    def g():
        h()
        return 1
    def h():
        raise IndexError
    try:
        x = g()
    except IndexError:
        x = 0
    return x

### with: f()
class C:
    def __init__(self, log):
        self.log = log
    def __enter__(self):
        self.log.append("in")
        return self
    def __exit__(self, a, b, c):
        self.log.append("out")
        return False

def f():
    log = []
    with C(log) as c:
        log.append(1)
    log.append(2)
    return log

### with that swallows: f()
class C:
    def __enter__(self):
        return 5
    def __exit__(self, a, b, c):
        return a is ValueError

def f():
    x = 0
    with C() as c:
        x = c
        raise ValueError
        x = 9
    x += 1
    return x

### with and return: f()
class C:
    def __enter__(self):
        return 5
    def __exit__(self, a, b, c):
        x = 1

def f():
    with C() as c:
        return c
    return 0

### with and constant return: f()
class C:
    def __enter__(self):
        return 5
    def __exit__(self, a, b, c):
        pass

def f():
    with C() as c:
        if c:
            return 7
    return 0

### with of two in a loop: f()
class C:
    def __init__(self, n):
        self.n = n
    def __enter__(self):
        return self.n
    def __exit__(self, a, b, c):
        return None

def f():
    total = 0
    for i in range(3):
        with C(i) as a, C(i + 1) as b:
            if a == 1:
                continue
            total += a * b
    return total

### with over several lines: f()
class C:
    def __enter__(self):
        return 1
    def __exit__(self, a, b, c):
        return None

def f():
    with (
        C() as a,
        C() as b,
    ):
        x = a + b
    return x

### with as the only statement of a loop: f(2)
class C:
    def __enter__(self):
        return 1
    def __exit__(self, a, b, c):
        return None

def f(n):
    while n:
        with C() as a:
            n -= a
    return n

### list comprehension: f([1, 2, 3])
def f(xs):
    y = [x * 2 for x in xs if x != 2]
    z = {k: v for k, v in zip(xs, y)}
    s = {x % 2 for x in xs}
    return y, z, s

### comprehension over several lines with a helper: f([1, 2])
def g(x):
    return x + 1

def f(xs):
    y = [
        g(x)
        for x in xs
        if g(x) > 2
    ]
    return y

### comprehension that raises: f([1, 0])
def f(xs):
    try:
        y = [1 // x for x in xs]
    except ZeroDivisionError:
        y = None
    return y

### generator expression: f([1, 2, 3])
def f(xs):
    total = sum(x for x in xs)
    big = any(x > 1 for x in xs)
    return total, big

### lambda: f([3, 1])
def g(x):
    return -x

def f(xs):
    key = lambda x: g(x)
    xs.sort(key=key)
    return xs

### match: f([1, 2]), f(5), f({"a": 1}), f("z")
def f(x):
    match x:
        case [1, y]:
            r = y
        case int(n) if n > 3:
            r = n
        case {"a": a}:
            r = a
        case _:
            r = None
    return r

### match without a fitting case: f(1)
def f(x):
    match x:
        case "a":
            x = 2
        case [_, *rest] if rest:
            x = 3
    return x

### match of classes over several lines: f(1, 2)
class P:
    __match_args__ = ("x", "y")
    def __init__(self, x, y):
        self.x = x
        self.y = y

def f(a, b):
    match P(
        a,
        b,
    ):
        case (
            P(0, y)
            | P(y, 0)
        ):
            r = y
        case P(x=1, y=y):
            r = [y]
    return r

### generator: f(3)
def gen(n):
    i = 0
    while i < n:
        yield i
        i += 1
    return "done"

def f(n):
    out = []
    for x in gen(n):
        out.append(x)
    return out

### generator that gets values: f()
def gen():
    total = 0
    while True:
        got = yield total
        if got is None:
            return total
        total += got

def f():
    g = gen()
    next(g)
    a = g.send(3)
    b = g.send(4)
    try:
        g.send(None)
    except StopIteration as stop:
        c = stop.value
    return a, b, c

### two generators at once: f()
def gen(n):
    for i in range(n):
        x = yield i
    y = 1

def f():
    a, b = gen(2), gen(3)
    return list(zip(a, b))

### generator that is thrown into: f()
def gen():
    try:
        yield 1
        yield 2
    except KeyError:
        yield 3
    finally:
        x = 4

def f():
    g = gen()
    a = next(g)
    b = g.throw(KeyError)
    rest = list(g)
    return a, b, rest

### generator that is closed: f()
def gen():
    try:
        yield 1
    finally:
        x = 2

def f():
    g = gen()
    a = next(g)
    g.close()
    return a

### generator that is left: f()
def gen():
    yield 1
    yield 2

def f():
    g = gen()
    a = next(g)
    return a

### yield from: f()
def inner():
    x = yield 1
    yield 2
    return 3

def gen():
    r = yield from inner()
    yield r

def f():
    return list(gen())

### yield over several lines: f()
def gen():
    x = (
        yield 1,
        2,
    )
    return x

def f():
    return list(gen())

### recursive generator: f()
def walk(tree):
    if isinstance(tree, list):
        for part in tree:
            yield from walk(part)
    else:
        yield tree

def f():
    return list(walk([1, [2, [3]], 4]))

### iterator of a class: f()
class It:
    def __init__(self, n):
        self.n = n
    def __iter__(self):
        return self
    def __next__(self):
        if self.n == 0:
            raise StopIteration
        self.n -= 1
        return self.n

def f():
    out = []
    for x in It(2):
        out.append(x)
    return out

### async: f()
async def g(x):
    x += 1
    return x

async def main():
    total = 0
    for i in range(2):
        total += await g(i)
    return total

def f():
    c = main()
    try:
        c.send(None)
    except StopIteration as stop:
        return stop.value

### async that is suspended: f()
class Wait:
    def __await__(self):
        got = yield "w"
        return got

async def g():
    x = await Wait()
    return x

async def main():
    a = await g()
    b = await g()
    return a + b

def f():
    c = main()
    c.send(None)
    c.send(1)
    try:
        c.send(2)
    except StopIteration as stop:
        return stop.value

### async for and async with: f()
class A:
    def __init__(self, n):
        self.n = n
    def __aiter__(self):
        return self
    async def __anext__(self):
        if not self.n:
            raise StopAsyncIteration
        self.n -= 1
        return self.n
    async def __aenter__(self):
        return 7
    async def __aexit__(self, a, b, c):
        return None

async def agen():
    for i in range(2):
        yield i

async def main():
    out = []
    async for x in A(2):
        out.append(x)
    else:
        out.append("else")
    async with A(1) as y:
        out.append(y)
    async for z in agen():
        out.append(z)
    w = [v async for v in agen()]
    return out, w

def f():
    c = main()
    try:
        c.send(None)
    except StopIteration as stop:
        return stop.value

### closure: f()
def f():
    count = 0
    def add(n):
        nonlocal count
        count += n
        return count
    a = add(1)
    b = add(2)
    return a, b, count

### closures in a loop: f()
def f():
    fs = []
    for i in range(3):
        def g(j=i):
            return i * j
        fs.append(g)
    return [g() for g in fs]

### counter with state of its own: f()
def make():
    state = {"n": 0}
    def step():
        state["n"] += 1
        return state["n"]
    return step

def f():
    s = make()
    s()
    s()
    return s()

### augmented assignment: f([1], {"a": 1})
def f(xs, d):
    n = 1
    n += 2
    n <<= 3
    xs += [n]
    d["a"] -= 1
    d |= {"b": 2}
    xs[0] *= 5
    return n, xs, d

### changes in place: f()
def f():
    xs = [3, 1]
    ys = xs
    xs.append(2)
    ys.sort()
    d = {}
    d["k"] = xs
    xs.clear()
    s = {1}
    s.add(2)
    del d["k"]
    b = bytearray(b"a")
    b.append(98)
    return xs, ys, d, s, b

### changes in place by a helper: f()
def g(xs):
    xs.append(len(xs))

def f():
    xs = []
    g(xs)
    g(xs)
    rows = [[0] * 2] * 2
    rows[0][1] = 5
    return xs, rows

### variables that are unbound again: f()
def f():
    x = 1
    y = 2
    del x
    x = 3
    del y, x
    return "end"

### handler's name goes away: f()
def f():
    e = 1
    try:
        raise ValueError
    except ValueError as e:
        x = 2
    y = 3
    return y

### chained comparison: f(2), f(20)
def f(x):
    if 1 < x < 10:
        r = "in"
    else:
        r = "out"
    while 0 < x <= 3:
        x -= 1
    return r, x

### boolean operators: f(0, 3)
def g(x):
    return x

def f(a, b):
    x = g(a) or g(b)
    y = g(a) and g(b)
    if not g(a) and (g(b) or g(a)):
        x = y
    return x, y

### conditional expression: f(0), f(1)
def f(a):
    x = (
        "yes"
        if a
        else "no"
    )
    return x

### walrus: f([1, 2, 3])
def f(xs):
    while (n := len(xs)) > 1:
        xs.pop()
    if (m := n + 1) > 1:
        n = m
    ys = [last := x for x in xs]
    return n, m, ys, last

### decorators: f()
def twice(g):
    def h(*a):
        r = g(*a)
        r = g(r)
        return r
    return h

def f():
    @twice
    def add(n):
        return n + 1
    return add(1)

### decorator with arguments over several lines: f()
def deco(n):
    def wrap(g):
        def h(
            x,
        ):
            return g(x) * n
        return h
    return wrap

@deco(
    3,
)
@deco(2)
def top(x):
    y = x + 1
    return y

def f():
    return top(1)

### class in a function: f()
def f():
    class A:
        kind = "a"
        size = len(kind)
        def get(self):
            return self.kind
    a = A()
    return a.get()

### plain objects: f()
class P:
    def __init__(self, x):
        self.x = x
        self.y = []
    def move(self, n):
        self.x += n
        self.y.append(n)
        return self

def f():
    p = P(1)
    p.move(2)
    q = p.move(3)
    return q

### slots and properties: f()
class P:
    __slots__ = ("a", "b")
    def __init__(self):
        self.a = 1
    @property
    def c(self):
        return self.a + 1
    @c.setter
    def c(self, v):
        self.a = v

def f():
    p = P()
    x = p.c
    p.c = 7
    return p, x

### operators of a class: f()
class V:
    def __init__(self, n):
        self.n = n
    def __add__(self, o):
        return V(self.n + o.n)
    def __eq__(self, o):
        return self.n == o.n
    def __lt__(self, o):
        return self.n < o.n
    def __hash__(self):
        return hash(self.n)
    def __len__(self):
        return self.n
    def __bool__(self):
        return self.n > 1

def f():
    a, b = V(1), V(2)
    c = a + b
    if c:
        x = max([a, c, b]).n
    d = {a: 1, b: 2}
    return x, d[V(2)], a == V(1), len(c)

### context of a library: f()
from contextlib import contextmanager, suppress

@contextmanager
def room(log):
    log.append("in")
    try:
        yield 5
    finally:
        log.append("out")

def f():
    log = []
    with room(log) as n:
        log.append(n)
    with suppress(KeyError):
        log.append("x")
        {}["a"]
    return log

### called back by a library: f()
from functools import reduce

def add(a, b):
    c = a + b
    return c

def f():
    xs = sorted([3, 1, 2], key=lambda x: add(-x, 0))
    return reduce(add, xs), list(map(add, xs, xs))

### sort that compares: f()
class K:
    def __init__(self, n):
        self.n = n
    def __lt__(self, o):
        return self.n < o.n

def f():
    ks = [K(2), K(1)]
    ks.sort()
    return [k.n for k in ks]

### dataclass: f()
from dataclasses import dataclass, field

@dataclass
class D:
    a: int
    b: list = field(default_factory=list)

def f():
    d = D(1)
    d.b.append(2)
    e = D(1, [2])
    return d == e, d

### values of every builtin type: f()
def f():
    a = None
    b = (True, 1, 1.0, -0.0, 1e16, 1e-7, float("inf"))
    c = 2 ** 70
    d = "\\u00e9\\n\\"'"
    e = [b"x", bytearray(b"y"), 1j]
    g = {1, "b", (2,)}
    h = frozenset([1])
    i = range(1, 9, 2)
    j = {"k": {}, 2: []}
    k = j.keys()
    l = Ellipsis
    m = [1]
    m.append(m)
    n = d * 3
    return a, b, c, d, e, g, h, i, j, n

### assert: f(1), f(0)
def f(x):
    assert x, (
        "message"
    )
    x = 2
    return x

### import and delete: f()
def f():
    import math
    from math import (
        floor,
        ceil,
    )
    x = floor(2.5) + ceil(2.5) + int(math.pi)
    return x

### global: f()
N = 1

def f():
    global N
    N += 1
    x = N
    return x

### docstring: f(1)
def f(x):
    """Text."""
    x += 1
    return x

### star expressions: f([1, 2, 3])
def f(xs):
    a, *b = xs
    c = [*b, a]
    d = {**{"x": 1}, "y": 2}
    def g(*p, k=1, **q):
        return p, k, q
    return g(*c, k=2, **d)

### default arguments and strings that look like code: f("f(1)")
def f(text, n=[]):
    n.append(text)
    s = "def g(): return f(1)"
    if "f(" in text:
        return s, n
    return None

### same text on several lines: f(1)
def f(x):
    x += 1
    x += 1
    if x > 2:
        x += 1
    else:
        x += 1
    return x

### return without a value, and none: f(1), f(0)
def g(x):
    if x:
        return
    x = 2

def f(x):
    y = g(x)
    return y

### try in a loop as the last statement: f(3)
def f(n):
    out = []
    for i in range(n):
        try:
            out.append(6 // i)
        except ZeroDivisionError:
            pass
    return out

### while with try and break in else: f()
def f():
    n = 0
    while True:
        try:
            n += 1
            if n < 3:
                raise ValueError
        except ValueError:
            continue
        else:
            break
        finally:
            n += 0
    return n

### loop left by an exception: f()
def f():
    try:
        for i in range(5):
            if i == 2:
                raise KeyError
    except KeyError:
        j = i
    return j

### exception in a header: f()
def bad():
    raise ValueError

def f():
    log = []
    try:
        while bad():
            log.append(1)
    except ValueError:
        log.append("while")
    try:
        for x in bad():
            log.append(2)
    except ValueError:
        log.append("for")
    try:
        with bad():
            log.append(3)
    except ValueError:
        log.append("with")
    return log

### exception in the end of a with: f()
class C:
    def __enter__(self):
        return self
    def __exit__(self, a, b, c):
        raise KeyError

def f():
    try:
        with C():
            x = 1
    except KeyError:
        x = 2
    return x

### elif chain: f(3)
def f(x):
    if x == 1:
        r = 1
    elif x == 2:
        r = 2
    elif x == 3:
        r = 3
    else:
        r = 4
    return r

### string building: f("abc")
def f(s):
    out = ""
    for i, ch in enumerate(s):
        out = f"{ch}{out}{i!r:>2}"
    return out

### assignments that chain and unpack: f()
def f():
    a = b = [1]
    (c, d), e = (1, 2), 3
    a[0], c = c, a[0]
    a[b[0] - 1] = x = 4
    return a, b, c, d, e, x

### bits of a long function: f(7)
def f(n):
    steps = 0
    while n != 1:
        if n % 2 == 0:
            n //= 2
        else:
            n = 3 * n + 1
        steps += 1
        if steps > 30:
            return None
    return steps

### iter with a sentinel, and next: f()
def f():
    xs = [1, 2, 0, 3]
    out = []
    for x in iter(lambda: xs.pop(0), 0):
        out.append(x)
    first = next((x for x in xs if x > 5), None)
    return out, first

### group handler (3.11): f()
def f():
    log = []
    try:
        raise ExceptionGroup("g", [ValueError(1), KeyError(2)])
    except* ValueError:
        log.append("v")
    except* KeyError as group:
        log.append("k")
    return log

### type parameters (3.12): f()
def first[T](xs: list[T]) -> T:
    type Alias = list[T]
    return xs[0]

class Box[T]:
    def __init__(self, x: T):
        self.x = x

def f():
    b = Box(1)
    return first([b.x, 2])
'''


def programs() -> list[Program]:
    """Returns every program with each of its calls."""
    found: list[Program] = []
    for part in TEXT.split("### ")[1:]:
        title, _, source = part.partition("\n")
        name, _, calls = title.rpartition(": f(") if ": f(" in title else title.rpartition(": even(")
        function = "f(" if ": f(" in title else "even("
        least = (3, 12) if "(3.12)" in name else (3, 11)
        for call in (function + calls).split("), f("):
            call = call if call.startswith(function) else "f(" + call
            call = call if call.endswith(")") else call + ")"
            found.append((f"{name}: {call}", source, call, least))
    return found


PROGRAMS = programs()
