"""Values of a JSON document, checked as they are read: a wrong one is refused with its place in the file."""

LARGEST = 1e18  # nanoseconds: thirty years; also infinity stops here


class ResultError(Exception):
    """A file that is not a result, or a result that cannot be trusted."""


class At:
    """A place in the file; `fail` turns it into the one-line message."""

    def __init__(self, path, where=""):
        self.path, self.where = path, where

    def __truediv__(self, step):
        return At(self.path, f"{self.where}.{step}" if self.where else str(step))

    def fail(self, reason):
        where = f" {self.where}:" if self.where else ""
        raise ResultError(f"{self.path}:{where} {reason}")

    def get(self, value, key, kinds, default=...):
        found = value.get(key)
        if found is None and default is not ...:
            return default
        if not isinstance(found, kinds) or (isinstance(found, bool) and bool not in _tuple(kinds)):
            (self / key).fail("missing" if found is None else f"unexpected {type(found).__name__}")
        return found


def _tuple(kinds):
    return kinds if isinstance(kinds, tuple) else (kinds,)


def object_at(value, at):
    if not isinstance(value, dict):
        at.fail("is not an object")
    return value


def unique(ids, at):
    seen = set()
    for name in ids:
        if name in seen:
            at.fail(f'"{name}" occurs twice')
        seen.add(name)


def count(value, key, at, least, default=...):
    found = at.get(value, key, int, default)
    if found is not None and not least <= found < 1 << 53:
        (at / key).fail(f"is below {least}" if found < least else "is beyond 2^53")
    return found


def number(value, at):
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        at.fail("is not a number")
    if not abs(value) < LARGEST:
        at.fail(f"is beyond {LARGEST:g}")
    return value


def positive(value, at):
    """A time, or None."""
    found = number(value, at)
    if found is not None and found <= 0:
        at.fail("is a time that is zero or negative")
    return found


def one_of(value, key, at, allowed):
    found = at.get(value, key, str)
    if found not in allowed:
        (at / key).fail(f'"{found}" is none of {", ".join(allowed)}')
    return found


def objects(value, key, at):
    """[(object, place)] of a list that may be absent."""
    return [(object_at(entry, at / f"{key}[{i}]"), at / f"{key}[{i}]") for i, entry in enumerate(at.get(value, key, list, []))]


def texts(value, key, at):
    found = at.get(value, key, list, [])
    for i, entry in enumerate(found):
        if not isinstance(entry, str):
            (at / f"{key}[{i}]").fail("is not text")
    return found
