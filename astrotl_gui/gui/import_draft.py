"""The mosaic to be, while the user corrects what was guessed: a value, each correction makes a new one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from astrotl_gui.core.bands import PLANE_ROLES, BandSpec, MosaicSpec, default_colour
from astrotl_gui.core.filters import filter_of
from astrotl_gui.core.fits import Plane
from astrotl_gui.core.identify import Proposal

RED, GREEN, BLUE, HIDDEN, GREY = "red", "green", "blue", "hidden", "grey"
CHANNELS = (RED, GREEN, BLUE)


def key_of(band: BandSpec) -> str:
    """What a band is known by while its name may change: its image."""
    return str(band.image)


@dataclass(frozen=True)
class Draft:
    """Bands in order of wavelength, and what is chosen about them. Bands are addressed by `key_of`."""

    name: str
    bands: tuple[BandSpec, ...]
    reference: str = ""  # key of the band whose grid counts; empty: the middle one
    colour: tuple[str, str, str] | None = None  # keys for red, green, blue; None: by wavelength
    pixel_scale: float = 0.0  # [arcsec], only for images without WCS
    edited: frozenset[str] = frozenset()  # bands whose zero point the user gave
    left_out: frozenset[Plane] = frozenset()  # images of bands that were removed

    @classmethod
    def of(cls, proposal: Proposal) -> Draft:
        """What was guessed from headers and names."""
        reference = next((key_of(b) for b in proposal.bands if b.name == proposal.reference), "")
        return cls(proposal.name, proposal.bands, reference)

    def joined(self, proposal: Proposal) -> Draft:
        """With more images: corrections stay, new bands and what belongs to known ones come in."""
        mine = {key_of(band): band for band in self.bands}
        found = [band for band in proposal.bands if band.image not in self.left_out]
        bands = [_completed(mine.get(key_of(band)), band) for band in found]
        known = {key_of(band) for band in found}
        bands += [band for key, band in mine.items() if key not in known]
        return replace(self, colour=None)._with(bands)

    @property
    def keys(self) -> tuple[str, ...]:
        return tuple(key_of(band) for band in self.bands)

    def band(self, key: str) -> BandSpec:
        return next(band for band in self.bands if key_of(band) == key)

    # --- corrections -------------------------------------------------------------------------------

    def renamed(self, key: str, name: str) -> Draft:
        """Another name; a known filter brings its wavelength, and so its place."""
        band, known = self.band(key), filter_of(name)
        if name.strip() == band.name:
            return self
        wavelength = known.wavelength if known and known.wavelength else band.wavelength
        return self._changed(key, lambda band: replace(band, name=name.strip(), wavelength=wavelength))

    def removed(self, key: str) -> Draft:
        kept = [band for band in self.bands if key_of(band) != key]
        reference = "" if self.reference == key else self.reference
        left_out = self.left_out | {self.band(key).image}
        return replace(self, reference=reference, colour=None, left_out=left_out)._with(kept)

    def with_zeropoint(self, key: str, zeropoint: float | None) -> Draft:
        """An AB zero point given by the user; None: unknown, magnitudes stay empty."""
        draft = self._changed(key, lambda band: replace(band, zeropoint=zeropoint))
        return replace(draft, edited=self.edited | {key})

    def with_plane(self, key: str, role: str, plane: Plane | None) -> Draft:
        """What goes with a band: `role` is rms, weight, mask or psf."""
        change: dict[str, Any] = {role: plane}
        return self._changed(key, lambda band: replace(band, **change))

    def with_mask_bits(self, key: str, bits: int) -> Draft:
        return self._changed(key, lambda band: replace(band, mask_bits=bits))

    # --- colour ------------------------------------------------------------------------------------

    @property
    def shown_colour(self) -> tuple[str, str, str]:
        """Keys for red, green, blue; green "" is the mean of the two others."""
        return self.colour or default_colour(self.keys)

    def channel(self, key: str) -> str:
        """The channel that a band is shown in."""
        if len(self.bands) == 1:
            return GREY
        colour = self.shown_colour
        return CHANNELS[colour.index(key)] if key in colour else HIDDEN

    def channels(self) -> tuple[str, ...]:
        """The channels to choose from with this many bands."""
        return {1: (GREY,), 2: (RED, BLUE), 3: CHANNELS}.get(len(self.bands), (*CHANNELS, HIDDEN))

    def with_channel(self, key: str, channel: str) -> Draft:
        """Show a band in a channel; the band that was there takes the place of this one."""
        colour = list(self.shown_colour)
        before = self.channel(key)
        if channel == before or len(self.bands) == 1:
            return self
        if channel == HIDDEN:
            colour[CHANNELS.index(before)] = self._nearest_hidden(key)
        else:
            displaced = colour[CHANNELS.index(channel)]
            colour[CHANNELS.index(channel)] = key
            if before in CHANNELS:
                colour[CHANNELS.index(before)] = displaced
        return replace(self, colour=(colour[0], colour[1], colour[2]))

    def _nearest_hidden(self, key: str) -> str:
        place = self.keys.index(key)
        hidden = [other for other in self.keys if self.channel(other) == HIDDEN]
        return min(hidden, key=lambda other: abs(self.keys.index(other) - place))

    # --- result ------------------------------------------------------------------------------------

    def spec(self) -> MosaicSpec:
        """The mosaic as corrected. Raises AstroTLError when a name is missing or given twice."""
        names = {key_of(band): band.name for band in self.bands}
        red, green, blue = (names.get(key, "") for key in self.shown_colour)
        reference = names.get(self.reference, "")
        return MosaicSpec(self.name, self.bands, reference, (red, green, blue), self.pixel_scale)

    def name_problem(self, key: str) -> str:
        """Why the name of a band cannot stay, or nothing."""
        name = self.band(key).name
        if not name:
            return "A band needs a name"
        if sum(band.name == name for band in self.bands) > 1:
            return f"Two bands are called {name}"
        return ""

    def _changed(self, key: str, change: Callable[[BandSpec], BandSpec]) -> Draft:
        return self._with([change(band) if key_of(band) == key else band for band in self.bands])

    def _with(self, bands: list[BandSpec]) -> Draft:
        return replace(self, bands=tuple(sorted(bands, key=lambda band: band.wavelength or float("inf"))))


def _completed(mine: BandSpec | None, found: BandSpec) -> BandSpec:
    """A band as the user left it, with what was newly found to belong to it."""
    if mine is None:
        return found
    new = {role: getattr(found, role) for role in PLANE_ROLES if getattr(mine, role) is None}
    return replace(mine, **new, mask_bits=mine.mask_bits or found.mask_bits)


def zeropoints_text(draft: Draft) -> str:
    """Where magnitudes come from: "Zero points 22.5, from headers"."""
    values = [band.zeropoint for band in draft.bands]
    missing = [band.name for band in draft.bands if band.zeropoint is None]
    if len(missing) == len(values):
        return "No zero points"
    if missing:
        return f"No zero point for {', '.join(missing)}"
    given = bool(draft.edited & set(draft.keys))
    number = f" {values[0]:.6g}" if len({f"{value:.6g}" for value in values}) == 1 else ""
    return f"Zero point{'s' * (len(values) > 1)}{number}" + ("" if given else ", from headers")


def parse_bits(text: str) -> int | None:
    """Bit numbers ("0, 4, 7") as a bit mask; "" is 0 (any value but 0 is bad), None no list of bits."""
    try:
        bits = [int(part) for part in text.replace(",", " ").split()]
    except ValueError:
        return None
    if any(not 0 <= bit < 63 for bit in bits):
        return None
    return sum(1 << bit for bit in set(bits))


def bits_text(mask_bits: int) -> str:
    """A bit mask as bit numbers: 145 → "0, 4, 7"."""
    return ", ".join(str(bit) for bit in range(63) if mask_bits >> bit & 1)
