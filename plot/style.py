"""The look all charts share, and how they reach the disk.

Colours are Okabe and Ito's, told apart with any colour vision; every colour comes with a marker or a
hatch, so a grey print reads as well. A strategy has the same colour and marker in every chart; where
a file has several engines, the colour says the engine and the marker the strategy. Figures are laid out in
inches by hand (Page): nothing is placed where another thing may be.
SVG files are the same bytes for the same data: fixed hash salt, no date.
"""

import functools
import itertools
import os
import re
import tempfile
from pathlib import Path
from typing import NamedTuple

import matplotlib

matplotlib.use("Agg")
from matplotlib import figure, font_manager, ft2font, patches  # noqa: E402

BLACK, ORANGE, SKY, GREEN = "#000000", "#E69F00", "#56B4E9", "#009E73"
YELLOW, BLUE, VERMILLION, PURPLE = "#F0E442", "#0072B2", "#D55E00", "#CC79A7"
GREY, PALE, INK, SOFT = "#B8B8B8", "#EFEFEF", "#222222", "#666666"

PHASE_LOOK = {  # colour, hatch
    "acquire": (SKY, "...."),
    "init": (ORANGE, ""),
    "start": (YELLOW, "xxxx"),
    "work": (GREEN, "////"),
    "release": (PURPLE, "\\\\\\\\"),
}

class Look(NamedTuple):
    """Of an arm. Large open markers let a small filled one show through where two strategies cost the same."""
    colour: str
    marker: str
    dashes: str = "-"
    open: bool = False

    def marker_style(self, scale=1.0):
        face, edge, size = ("none", self.colour, 8.5) if self.open else (self.colour, "white", 6)
        return dict(marker=self.marker, color=self.colour, markerfacecolor=face, markeredgecolor=edge, markersize=size * scale,
                    markeredgewidth=1.4 if self.open else 0.4)


STRATEGY_LOOK = {
    "eager": Look(BLACK, "o"),
    "overlay": Look(VERMILLION, "s", open=True),
    "overlay-lazy": Look(ORANGE, "D", open=True),
    "pool": Look(BLUE, "^"),
    "pool-lazy": Look(GREEN, "v"),
    "pool-copy": Look(PURPLE, "X", "--"),
    "best": Look(SKY, "P"),
}
SPARE_LOOK = (Look(SOFT, "p", "-.", True), Look(BLUE, "<", ":"), Look(VERMILLION, ">", ":"), Look(GREEN, "h", ":", True),
              Look(BLACK, "*", ":"), Look(ORANGE, "d"), Look(PURPLE, "H", "-.", True), Look(SKY, "8", "--"))
# Of a file with several engines: a colour for each engine (its own, or the next that is free), a shape for each arm.
ENGINE_COLOUR = {"core": BLUE, "wasmtime": VERMILLION, "v8": GREEN, "wasmtime-rs": PURPLE}
COLOURS = (BLACK, ORANGE, SKY, BLUE, VERMILLION, GREEN, PURPLE)
SHAPES = (("s", False), ("p", True), ("D", False), ("o", True), (">", False), ("^", True), ("<", False), ("h", True), ("8", False),
          ("v", True), ("p", False))  # marker, open; none is a core preset's
DASHES = ("-", "--", "-.", ":")
ROLE_LOOK = {  # of a comparison's arms, "A core:pool"; A′ is a copy of A: its shape, hollow
    "A": Look(BLACK, "o"),
    "B": Look(BLUE, "^"),
    "A′": Look(SOFT, "o", ":", open=True),
}
VERDICT_LOOK = {  # right is slower
    "regressed": Look(VERMILLION, ">"),
    "inconclusive": Look(PURPLE, "D", open=True),
    "same": Look(INK, "o"),
    "improved": Look(GREEN, "<"),
}

STORY = ("eager", "overlay", "overlay-lazy", "pool", "pool-lazy", "best")
APART = ("pool-copy",)
IDEA = {
    "eager": "fresh mmap, copied, table filled",
    "overlay": "fresh mmap, CoW image",
    "overlay-lazy": "fresh mmap, CoW, lazy table",
    "pool": "reused slot, CoW image",
    "pool-lazy": "reused slot, CoW, lazy table",
    "pool-copy": "reused slot, copied back",
    "best": "reused slot, pages put back",
}

TITLES, TITLE_LEADING = (14, 13, 12), 0.25  # points, inches
SUBTITLE, SUBTITLE_LEADING = 9.5, 0.18  # points, inches
LEGEND, LEGEND_LEADING = 8.5, 0.19  # points, inches
LEGEND_NAME = 3.4  # inches: the most room for a name in a legend
LEGEND_LOOK = dict(handlelength=1.6, handletextpad=0.5, columnspacing=1.4)  # in units of the font size

RC = {
    "font.family": ["DejaVu Sans"],
    "font.size": 9,
    "text.color": INK,
    "axes.edgecolor": SOFT,
    "axes.labelcolor": INK,
    "axes.linewidth": 0.7,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.axisbelow": True,
    "xtick.color": SOFT,
    "ytick.color": SOFT,
    "xtick.labelsize": 8,
    "ytick.labelsize": 8,
    "grid.color": "#DDDDDD",
    "grid.linewidth": 0.6,
    "hatch.linewidth": 0.5,
    "svg.hashsalt": "instbench",
    "svg.fonttype": "path",
    "figure.dpi": 100,
}


def use():
    """Sets the style, whatever matplotlibrc the user has."""
    matplotlib.rcdefaults()
    matplotlib.rcParams.update(RC)


def name_of(arm):
    """"core:pool-lazy" reads as "pool-lazy"; other engines keep their name."""
    return arm[len("core:"):] if arm.startswith("core:") else arm


def story_order(arms):
    """(in order, apart): the story's presets first, then the others as in the file, then those apart."""
    names = {name_of(arm): arm for arm in arms}
    story = [names[n] for n in STORY if n in names]
    apart = [names[n] for n in APART if n in names]
    return story + [a for a in arms if a not in story and a not in apart], apart


def role_of(arm):
    """"A" of a comparison's arm "A core:pool"; None of any other arm."""
    role, space, _ = arm.partition(" ")
    return role if space and role in ROLE_LOOK else None


def split_arm(arm):
    """(engine with its build, strategy): ("wasmtime@45.0.0", "pooling-keep"), ("v8", ""). The strategy stands behind the last
    colon that no slash follows, as in the command line."""
    engine, colon, strategy = arm.rpartition(":")
    return (engine, strategy) if colon and "/" not in strategy else (arm, "")


def engines_of(arms):
    """The engines, a build each, in the order of the file."""
    return list(dict.fromkeys(split_arm(arm)[0] for arm in arms))


def looks(arms):
    """{arm: Look}; `arms` are all arms of the file, so that an arm looks the same in every panel and picture."""
    roles = {arm: ROLE_LOOK[role_of(arm)] for arm in arms if role_of(arm)}
    others = [arm for arm in arms if arm not in roles]
    return roles | (_looks_of_engines(others) if len(engines_of(others)) > 1 else _looks_of_strategies(others))


def _looks_of_strategies(arms):
    spare = itertools.cycle(SPARE_LOOK)
    return {arm: STRATEGY_LOOK.get(name_of(arm)) or next(spare) for arm in arms}


def _looks_of_engines(arms):
    """The core's presets keep their shapes; the other arms take what is left, so that shapes alone tell arms apart too."""
    colours = engine_colours(arms)
    shapes = {arm: (look.marker, look.open) for arm in arms if (look := STRATEGY_LOOK.get(name_of(arm)))}
    free = itertools.cycle(SHAPES)
    dashes = {engine: itertools.cycle(DASHES) for engine in colours}
    found = {}
    for arm in arms:
        engine, (marker, is_open) = split_arm(arm)[0], shapes.get(arm) or next(free)
        found[arm] = Look(colours[engine], marker, next(dashes[engine]), is_open)
    return found


def engine_colours(arms):
    """{engine with its build: colour}: an engine's own for its first build, the others take what is left."""
    found, engines = {}, engines_of(arms)
    for engine in engines:
        own = ENGINE_COLOUR.get(engine.partition("@")[0])
        if own and own not in found.values():
            found[engine] = own
    free = itertools.cycle([c for c in COLOURS if c not in found.values()] or COLOURS)
    return {engine: found.get(engine) or next(free) for engine in engines}


def idea_of(arm):
    """(name, what it does) for a label of two lines: the preset and its idea, or the preset and its overrides; another engine and
    its strategy."""
    if not arm.startswith("core:") and role_of(arm) is None:
        return split_arm(arm)
    name, _, overrides = name_of(arm).partition(",")
    return (name, overrides) if overrides else (name, IDEA.get(name, ""))


@functools.lru_cache(maxsize=None)
def _advance(character, weight):
    """Width of one character at one point, in points."""
    font = font_manager.get_font(font_manager.findfont(font_manager.FontProperties(family="DejaVu Sans", weight=weight)))
    font.set_size(100, 72)
    return font.load_char(ord(character), flags=ft2font.LOAD_NO_HINTING).linearHoriAdvance / 65536 / 100


def text_width(text, size, weight="normal"):
    """Inches."""
    return sum(_advance(c, weight) for c in text) * size / 72


def wrap(text, size, width, indent="   ", weight="normal"):
    """Lines of `text` no wider than `width` inches; a word that is wider alone is cut. A no-break space holds its words together."""
    space, lines, line, used = text_width(" ", size, weight), [], "", 0.0
    for word in (w for w in re.split(r"[ \t\r\n]+", text) if w):
        word = shorten(word, size, width - text_width(indent, size, weight), weight)
        needs = text_width(word, size, weight)
        if line and used + space + needs > width:
            lines.append(line)
            line, used = indent + word, text_width(indent, size, weight) + needs
        else:
            line, used = (f"{line} {word}", used + space + needs) if line else (word, needs)
    return lines + [line] if line else lines


def shorten(text, size, width, weight="normal"):
    if text_width(text, size, weight) <= width:
        return text
    while text and text_width(text + "…", size, weight) > width:
        text = text[:-1]
    return text.rstrip() + "…"


def shorten_middle(text, size, width, weight="normal"):
    """For names that differ at their ends."""
    if text_width(text, size, weight) <= width:
        return text
    head, tail = text[:(len(text) + 1) // 2], text[(len(text) + 1) // 2:]
    while head and text_width(f"{head}…{tail}", size, weight) > width:
        head, tail = (head[:-1], tail) if len(head) >= len(tail) else (head, tail[1:])
    return f"{head}…{tail}"


def shorten_apart(names, size, width, weight="normal"):
    """{name: label} no wider than `width` inches and no two alike: of names that would become alike, what they have in common is
    left out first, and the last resort is a number."""
    names = list(dict.fromkeys(names))
    found = {name: shorten_middle(name, size, width, weight) for name in names}
    for alike in _alike(found):
        found.update(_without_common(alike, size, width, weight))
    for alike in _alike(found):
        for i, name in enumerate(alike):
            number = f" ({i + 1})"
            found[name] = shorten_middle(name, size, width - text_width(number, size, weight), weight) + number
    return found


def _alike(labels):
    """Lists of the names that share a label."""
    members = {}
    for name, label in labels.items():
        members.setdefault(label, []).append(name)
    return [names for names in members.values() if len(names) > 1]


def _without_common(names, size, width, weight):
    """{name: label}: the head as far as there is room, then what tells the names apart."""
    first = len(os.path.commonprefix(names))
    last = min(len(os.path.commonprefix([name[::-1] for name in names])), min(map(len, names)) - first)
    while first and names[0][first - 1] not in ",:":  # "keep=64KiB" says more than "64K"
        first -= 1
    while last and names[0][-last] not in ",:":
        last -= 1
    found = {}
    for name in names:
        core = name[first:len(name) - last] + ("…" if last else "")
        room = width - text_width(core, size, weight)
        head = shorten(name[:first], size, room, weight) if first and room > text_width("…", size, weight) else ""
        found[name] = head + (core if head else shorten_middle(core, size, width, weight))
    return found


def legend_labels(arms):
    """{arm: its name in a legend}."""
    short = shorten_apart((name_of(arm) for arm in arms), LEGEND, LEGEND_NAME)
    return {arm: escape(short[name_of(arm)]) for arm in arms}


def subtitle_lines(text, page_width):
    return wrap(text, SUBTITLE, page_width - 0.6, indent="")


def legend_width(handles):
    """Inches of a legend of one row."""
    look = LEGEND_LOOK
    gaps = len(handles) * (look["handlelength"] + look["handletextpad"]) + (len(handles) - 1) * look["columnspacing"]
    return gaps * LEGEND / 72 + sum(text_width(h.get_label(), LEGEND) for h in handles)


def legend_rows(handles, width):
    """The handles in rows no wider than `width` inches, in reading order."""
    rows = []
    for handle in handles:
        if rows and legend_width(rows[-1] + [handle]) <= width:
            rows[-1].append(handle)
        else:
            rows.append([handle])
    return rows


def title_lines(name, rest, width):
    """(size, lines) of a headline: one line, somewhat smaller if that makes it fit, else as many as it needs. Only a name wider than
    a line, which comes from outside, is cut."""
    for size in TITLES:
        if text_width(name + rest, size, "bold") <= width:
            return size, [name + rest]
    size = TITLES[0]
    return size, wrap(shorten_middle(name, size, width - text_width(":", size, "bold"), "bold") + rest, size, width, "", "bold")


class Page:
    """A figure measured in inches from its top left corner."""

    def __init__(self, width, height, name="", rest=""):
        """The headline is name and rest, in as many lines as it needs. Whatever else is on the page stands below its first line at
        the place given, and lower by the lines that follow."""
        size, lines = title_lines(name, rest, width - 0.6)
        self.width, self.height, self.lower = width, height, TITLE_LEADING * max(0, len(lines) - 1)
        self.figure = figure.Figure(figsize=(width, height + self.lower), facecolor="white")
        for i, line in enumerate(lines):
            self.text(0.3, 0.18 + TITLE_LEADING * i - self.lower, line, size, weight="bold")

    def _up(self, top):
        """The share of the figure below `top`."""
        return 1 - (top + self.lower) / (self.height + self.lower)

    def axes(self, left, top, width, height, **more):
        share = height / (self.height + self.lower)
        return self.figure.add_axes([left / self.width, self._up(top + height), width / self.width, share], **more)

    def text(self, left, top, text, size=9, **more):
        more.setdefault("va", "top")
        return self.figure.text(left / self.width, self._up(top), escape(text), fontsize=size, **more)

    def subtitle(self, lines):
        for i, line in enumerate(lines):
            self.text(0.3, 0.47 + i * SUBTITLE_LEADING, line, SUBTITLE, color=SOFT)

    def rule(self, left, top, width):
        line = patches.Rectangle((left / self.width, self._up(top)), width / self.width, 0.006 / (self.height + self.lower),
                                 transform=self.figure.transFigure, color="#CCCCCC", linewidth=0)
        self.figure.add_artist(line)

    def legend(self, handles, left, top, **more):
        """One row, hung by its upper left corner, unless `loc` says another."""
        look = dict(loc="upper left", bbox_to_anchor=(left / self.width, self._up(top)), frameon=False,
                    fontsize=LEGEND, borderaxespad=0, borderpad=0, ncol=len(handles), **LEGEND_LOOK)
        return self.figure.legend(handles=handles, **dict(look, **more))


def escape(text):
    """Names and reasons come from outside: a dollar sign is not mathematics, a line break breaks no line."""
    return "".join(c if c.isprintable() else " " for c in text).replace("$", r"\$")


def write_atomically(path, write):
    """`write(temporary path)`, then rename: no half file is ever seen under `path`."""
    path = Path(path)
    handle, temporary = tempfile.mkstemp(prefix=".", suffix=path.suffix, dir=path.parent)
    os.close(handle)
    try:
        write(temporary)
        mask = os.umask(0)
        os.umask(mask)
        os.chmod(temporary, 0o666 & ~mask)
        os.replace(temporary, path)
    except BaseException:
        os.unlink(temporary)
        raise


def save(page, stem, formats):
    """Writes STEM.png and STEM.svg; returns the paths."""
    metadata = {"png": {"Software": "instbench"}, "svg": {"Date": None, "Creator": "instbench"}}
    paths = []
    for kind in formats:
        path = stem.with_name(f"{stem.name}.{kind}")
        write_atomically(path, lambda to, kind=kind: page.figure.savefig(to, format=kind, dpi=160, metadata=metadata[kind]))
        paths.append(path)
    return paths
