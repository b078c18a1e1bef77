"""How a number is written: three significant digits, its own unit, "× 41" for a ratio."""

UNITS = (("ns", 1.0), ("µs", 1e3), ("ms", 1e6), ("s", 1e9))


def three(value):
    """Three significant digits, no exponent: 0.321, 41.2, 1,250."""
    value = float(f"{value:.3g}")
    if value == 0:
        return "0"
    size = abs(value)
    return f"{value:,.{0 if size >= 100 else 1 if size >= 10 else 2 if size >= 1 else 3}f}"


def duration(ns):
    name, scale = max((u for u in UNITS if ns >= u[1] * 0.9995), key=lambda u: u[1], default=UNITS[0])
    return f"{three(ns / scale)} {name}"


def sum_of(parts):
    """[(name, ns)] in the unit of the largest: "acquire 0.93 + release 0.85 µs"."""
    name, scale = max((u for u in UNITS if max(ns for _, ns in parts) >= u[1] * 0.9995), key=lambda u: u[1], default=UNITS[0])
    digits = 0 if scale == 1 else 1 if max(ns for _, ns in parts) >= 10 * scale else 2
    return " + ".join(f"{part} {ns / scale:.{digits}f}" for part, ns in parts) + f" {name}"


def tick(ns):
    """A duration on an axis: no digits that say nothing."""
    if ns == 0:
        return "0"
    name, scale = max((u for u in UNITS if ns >= u[1] * 0.9995), key=lambda u: u[1], default=UNITS[0])
    return f"{ns / scale:,.10g} {name}"


def rate(per_second):
    """A throughput on an axis: "500", "20 k", "1.5 M"."""
    name, scale = next((u for u in ((" M", 1e6), (" k", 1e3)) if per_second >= u[1]), ("", 1))
    return f"{per_second / scale:,.10g}{name}"


def ratio(value):
    """How many times faster: "× 5.5", "× 41", "× 1,250"; below one it is slower: "× 0.82"."""
    if value == 1:
        return "× 1"
    if value < 0.995:
        return f"× {value:.2g}"
    return f"× {value:.1f}" if value < 9.95 else f"× {value:.0f}" if value < 99.5 else f"× {three(value)}"


def count(n, noun):
    return f"{n} {noun}" if n == 1 else f"{n} {noun}s"


def rounded(value):
    """A derived figure for a table: six significant digits; None stays None."""
    return None if value is None else float(f"{value:.6g}")
