"""DS9 region files, read and written: shapes in image pixels or on the sky, with their text."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from astrotl_gui.core.errors import AstroTLError
from astrotl_gui.core.files import atomic_write
from astrotl_gui.core.progress import SILENT, Progress

FRAMES = {
    "image": "image",
    "physical": "physical",
    "fk5": "fk5",
    "j2000": "fk5",
    "fk4": "fk4",
    "b1950": "fk4",
    "icrs": "icrs",
    "galactic": "galactic",
    "ecliptic": "ecliptic",
}
PIXEL_FRAMES = ("image", "physical")
SHAPES = {
    "circle": "circle(x, y, radius)",
    "ellipse": "ellipse(x, y, radius, radius, angle)",
    "box": "box(x, y, width, height, angle)",
    "polygon": "polygon(x1, y1, x2, y2, x3, y3, …)",
    "line": "line(x1, y1, x2, y2)",
    "point": "point(x, y)",
    "text": "text(x, y)",
    "annulus": "annulus(x, y, inner, outer)",
}
"""What a region says; ellipses and boxes with several pairs of sizes are annuli of that shape."""
_ELSEWHERE = ("linear", "amplifier", "detector", "wcs")
_OTHERS = (
    "vector",
    "ruler",
    "compass",
    "projection",
    "panda",
    "epanda",
    "bpanda",
    "segment",
    "composite",
    "cpanda",
)
# DS9 writes these behind a #; before numbers or a parenthesis: other such lines are comments.
_COMMENTED = r"(?:text|vector|ruler|compass|projection|segment|composite)\s*(?:\(|[-+\d][^\s,]*[\s,]+[-+\d])"
_COMMENT = re.compile(rf"\s*#(?!\s*{_COMMENTED})")
_COMMAND = re.compile(rf"\s*(?:#\s*(?={_COMMENTED}))?([+-]?)\s*([a-zA-Z]\w*)\s*(.*)$", re.S)
_PROPERTY = re.compile(r"(\w+)\s*=\s*(\{[^}]*\}|\"[^\"]*\"|'[^']*'|[^\s]+)")
_SIZE_UNIT = re.compile(r"(.*?)([ipdr\"']?)")
_QUOTES = {"{": "}", '"': '"', "'": "'"}
MOST_RINGS = 1000
_SEXAGESIMAL = re.compile(r"^([+-]?)(\d+(?:\.\d+)?)[:hd ](\d+(?:\.\d+)?)(?:[:m'](\d+(?:\.\d+)?)?)?[s\"]?$")
_SIZES = {"": 1.0, "d": 1.0, '"': 1 / 3600, "'": 1 / 60, "r": math.degrees(1)}
_SPLIT = re.compile(r"[,\s]+")
STEP = 5000


@dataclass(frozen=True)
class Region:
    """One shape. `points` are (x, y) [0-based px] or (longitude, latitude) [deg] in `frame`; `sizes` are lengths in
    `unit` ("px" or "deg"): radii, or for a box widths and heights, innermost first; `angle` [deg] turns them
    against the clock. `mark` is how DS9 draws a point; `excluded` regions begin with a minus."""

    shape: str
    frame: str
    points: tuple[tuple[float, float], ...]
    sizes: tuple[float, ...] = ()
    unit: str = "deg"
    angle: float = 0.0
    text: str = ""
    mark: str = ""
    excluded: bool = False


@dataclass(frozen=True)
class RegionFile:
    """The regions of a file, and how many of each kind were left out since they cannot be drawn."""

    regions: tuple[Region, ...]
    left_out: dict[str, int] = field(default_factory=dict)


def read_regions(path: Path, *, progress: Progress = SILENT) -> RegionFile:
    """Read a DS9 region file. Raises AstroTLError naming the line that cannot be understood."""
    path = Path(path)
    try:
        text = path.read_text(encoding="utf-8-sig")
    except FileNotFoundError as problem:
        raise AstroTLError("This region file is missing", f"{path} does not exist.") from problem
    except (OSError, UnicodeDecodeError) as problem:
        raise AstroTLError("This region file cannot be read", f"{path.name} is no text file.") from problem
    return parse_regions(text, path.name, progress=progress)


def parse_regions(text: str, name: str = "The text", *, progress: Progress = SILENT) -> RegionFile:
    """The regions of a text in DS9's format; `name` is what a message calls it."""
    lines = text.splitlines()
    reader = _Reader()
    for number, line in enumerate(lines):
        if number % STEP == 0:
            progress(number, len(lines))
        try:
            reader.take(line)
        except ValueError as problem:
            raise AstroTLError(
                "This region file cannot be read", f"{name}, line {number + 1}: {problem}"
            ) from problem
    if not reader.regions:
        left = f" {left_out_text(reader.left_out)}" if reader.left_out else ""
        raise AstroTLError("This file has no regions", f"{name} holds no shape that can be drawn.{left}")
    progress(len(lines), len(lines))
    return RegionFile(tuple(reader.regions), dict(reader.left_out))


def left_out_text(left_out: dict[str, int]) -> str:
    """A sentence on what of a file is not drawn: "3 are left out: vector, ruler."."""
    count = sum(left_out.values())
    return f"{count:,} {'is' if count == 1 else 'are'} left out: {', '.join(sorted(left_out))}."


def write_regions(
    path: Path, regions: Iterable[Region], *, progress: Progress = SILENT, total: int = 0
) -> int:
    """Write regions for DS9, whole or not at all; how many. Numbers come back as they were."""
    count, frame = 0, ""
    with atomic_write(Path(path)) as temporary, open(temporary, "w", encoding="utf-8") as handle:
        handle.write("# Region file format: DS9 version 4.1\n")
        for count, region in enumerate(regions, 1):
            if region.frame != frame:
                frame = region.frame
                handle.write(f"{frame}\n")
            handle.write(region_line(region) + "\n")
            if count % STEP == 0:
                progress(count, max(total, count))
    return count


def region_line(region: Region) -> str:
    """A region as DS9 writes it, without its frame."""
    shift = 1.0 if region.frame in PIXEL_FRAMES else 0.0
    numbers = [repr(value + shift) for point in region.points for value in point]
    suffix = {("px", True): "", ("deg", True): "d", ("px", False): "i", ("deg", False): ""}
    unit = suffix[region.unit, region.frame in PIXEL_FRAMES]
    numbers += [repr(size) + unit for size in region.sizes]
    if region.shape in ("ellipse", "box"):
        numbers.append(repr(region.angle))
    notes = [f"point={region.mark}"] if region.mark else []
    if region.text:
        notes.append(f"text={_quoted(' '.join(region.text.split()))}")
    sign = "-" if region.excluded else ""
    lead = "# " if region.shape == "text" else sign
    line = f"{lead}{region.shape}({','.join(numbers)})"
    return f"{line}{' ' if region.shape == 'text' else ' # '}{' '.join(notes)}" if notes else line


def _quoted(text: str) -> str:
    """A text as DS9 takes it: there is no way to write one that holds all three kinds of ends."""
    left, right = next((pair for pair in _QUOTES.items() if pair[1] not in text), ("{", "}"))
    return f"{left}{text if right not in text else text.replace(right, ')')}{right}"


class _Reader:
    """Follows a region file line by line; the coordinate system stays until another is named."""

    def __init__(self) -> None:
        self.regions: list[Region] = []
        self.left_out: Counter[str] = Counter()
        self._frame: str | None = "physical"
        self._elsewhere = ""

    def take(self, line: str) -> None:
        for command in _commands(line):
            self._command(command)

    def _command(self, command: str) -> None:
        found = _COMMAND.match(command)
        if found is None:
            if command.lstrip().startswith("#") or not command.strip():
                return
            raise ValueError(f"“{_short(command)}” is no region.")
        sign, word, rest = found.groups()
        word = word.lower()
        if word == "global" or (word == "tile" and not sign):
            return
        if word in FRAMES and not rest.strip().startswith("("):
            self._frame = FRAMES[word]
            if rest.strip():
                self._command(rest)
        elif word.startswith(_ELSEWHERE):
            self._frame, self._elsewhere = None, word
        elif word in _OTHERS:
            self.left_out[word] += 1
        elif word in SHAPES or rest.lower().startswith("point"):
            if self._frame is None:
                self.left_out[self._elsewhere] += 1
            else:
                self.regions.append(_region(word, rest, self._frame, sign == "-"))
        else:
            raise ValueError(f"“{_short(command)}” is no region.")


def _commands(line: str) -> Iterator[str]:
    """The commands of a line: apart by semicolons that stand in no text. None of a comment."""
    if _COMMENT.match(line) or not line.strip():
        return
    start, closing, before = 0, "", ""
    for place, letter in enumerate(line if ";" in line else ""):
        if closing:
            closing = "" if letter == closing else closing
        elif letter == "{" or (letter in _QUOTES and before == "="):  # elsewhere quotes are units
            closing = _QUOTES[letter]
        elif letter == ";":
            yield line[start:place]
            start = place + 1
        before = before if letter.isspace() else letter
    yield line[start:]


def _region(word: str, rest: str, frame: str, excluded: bool) -> Region:
    inner, notes = _parts(rest)
    values = dict(_PROPERTY.findall(notes))
    text = values.get("text", "")
    text = text[1:-1] if text[:1] in ("{", '"', "'") else text
    mark = values.get("point", "")
    fields = [part for part in _SPLIT.split(inner.strip()) if part]
    if word != "point" and fields[:1] == ["point"]:  # the old way: "cross point 10 20"
        word, mark, fields = "point", word, fields[1:]
    if word == "text" and "{" in inner:  # "text(10, 20, {name})" has it inside
        text = inner[inner.index("{") + 1 : inner.rindex("}")]
        fields = [part for part in _SPLIT.split(inner[: inner.index("{")].strip()) if part]
    count = len(fields) if word == "polygon" else 4 if word == "line" else 2
    try:
        points = _points(fields[:count], frame)
        sizes, unit, angle = _sizes(word, fields[count:], frame)
    except ValueError as problem:
        raise ValueError(f"{problem or 'Numbers are missing.'} {SHAPES[word]} is meant.") from None
    return Region(word, frame, points, sizes, unit, angle, text, mark, excluded)


def _parts(rest: str) -> tuple[str, str]:
    """What stands in a region's parentheses (or without any before the #), and its properties."""
    if rest.startswith("("):
        end, brace = rest.find(")"), rest.find("{")
        if 0 <= brace < end:  # a text may hold parentheses
            end = rest.find(")", rest.find("}", brace))
        if end < 0:
            raise ValueError("a parenthesis is not closed.")
        return rest[1:end], rest[end + 1 :]
    inner, _, notes = rest.partition("#")
    return inner.replace("||", ""), notes


def _points(fields: list[str], frame: str) -> tuple[tuple[float, float], ...]:
    if len(fields) < 2 or len(fields) % 2:
        raise ValueError("Numbers are missing.")
    if frame in PIXEL_FRAMES:
        flat = [_number(part.rstrip("ip")) - 1 for part in fields]
    else:
        hours = 15.0 if frame in ("fk5", "fk4", "icrs") else 1.0
        flat = [_degrees(part, 1.0 if k % 2 else hours) for k, part in enumerate(fields)]
    return tuple(zip(flat[::2], flat[1::2], strict=True))


def _sizes(word: str, fields: list[str], frame: str) -> tuple[tuple[float, ...], str, float]:
    """(sizes, their unit, angle) of what follows the position."""
    own = "px" if frame in PIXEL_FRAMES else "deg"
    if word in ("polygon", "line", "point", "text"):
        return (), own, 0.0
    angle = 0.0
    if word in ("ellipse", "box"):
        if len(fields) % 2:  # DS9 reads a missing angle as none
            angle = _number(fields[-1].rstrip("d"))
            fields = fields[:-1]
        least = 2
    else:
        if word == "annulus" and len(fields) == 3 and fields[2].startswith("n="):
            fields = _rings(fields)
        least = 2 if word == "annulus" else 1
    if len(fields) < least or (word == "circle" and len(fields) > 1):
        raise ValueError("Numbers are missing." if len(fields) < least else "There are too many numbers.")
    found = [_size(part, own) for part in fields]
    unit = found[0][1]
    if any(other != unit for _, other in found):
        raise ValueError("Its sizes have different units.")
    return tuple(value for value, _ in found), unit, angle


def _rings(fields: list[str]) -> list[str]:
    """ "inner outer n=3" as four radii in their unit."""
    sizes = [_SIZE_UNIT.fullmatch(part) for part in fields[:2]]
    (inner, unit), (outer, other) = (found.groups() for found in sizes if found)
    if unit != other:
        raise ValueError("Its sizes have different units.")
    if not fields[2][2:].isdecimal() or not 1 <= (rings := int(fields[2][2:])) <= MOST_RINGS:
        raise ValueError(f"“{_short(fields[2])}” is no number of rings.")
    low, high = _number(inner), _number(outer)
    return [f"{low + (high - low) * k / rings!r}{unit}" for k in range(rings + 1)]


def _size(part: str, own: str) -> tuple[float, str]:
    last = part[-1]
    if last.isdigit() or last == ".":
        return _number(part), own
    if last in "ip":
        return _number(part[:-1]), "px"
    if last not in _SIZES:
        raise ValueError(f"“{_short(part)}” is no size.")
    return _number(part[:-1]) * _SIZES[last], "deg"


def _degrees(part: str, hours: float) -> float:
    try:
        return float(part)
    except ValueError:
        pass
    if part[-1] in "dr" and not part[:-1].lstrip("+-").isalpha():
        try:
            return float(part[:-1]) * _SIZES[part[-1]]
        except ValueError:
            pass
    found = _SEXAGESIMAL.match(part)
    if found is None:
        raise ValueError(f"“{_short(part)}” is no coordinate.")
    sign, whole, minutes, seconds = found.groups()
    value = float(whole) + float(minutes) / 60 + float(seconds or 0) / 3600
    factor = 1.0 if "d" in part else 15.0 if "h" in part else hours
    return (-value if sign == "-" else value) * factor


def _number(part: str) -> float:
    try:
        value = float(part)
    except ValueError:
        raise ValueError(f"“{_short(part)}” is no number.") from None
    if not math.isfinite(value):
        raise ValueError(f"“{_short(part)}” is no number.")
    return value


def _short(text: str) -> str:
    text = text.strip()
    return text if len(text) <= 40 else text[:39] + "…"
