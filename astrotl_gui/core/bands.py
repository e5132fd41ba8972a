"""What a mosaic is made of: the planes of each band, the reference band, the colour."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from astrotl_gui.core.errors import AstroTLError
from astrotl_gui.core.fits import Plane

PLANE_ROLES = ("rms", "weight", "mask", "psf")
"""What can go with the image of a band, besides the image itself."""


@dataclass(frozen=True)
class BandSpec:
    """One band: its image and what goes with it.

    `rms` is 1σ in image units, `weight` inverse variance (0 = no data), `mask` integers of which the bits in
    `mask_bits` mark bad pixels (0 = any non-zero value is bad), `psf` an image of the point spread function.
    `zeropoint` is the AB magnitude of one image unit in one pixel, `wavelength` in nm; None = unknown.
    """

    name: str
    image: Plane
    rms: Plane | None = None
    weight: Plane | None = None
    mask: Plane | None = None
    mask_bits: int = 0
    psf: Plane | None = None
    zeropoint: float | None = None
    wavelength: float | None = None

    def to_dict(self) -> dict[str, Any]:
        """Values that TOML can hold; what is unknown is left out."""
        values: dict[str, Any] = {"name": self.name, "image": str(self.image)}
        for role in PLANE_ROLES:
            if (plane := getattr(self, role)) is not None:
                values[role] = str(plane)
        if self.mask_bits:
            values["mask_bits"] = self.mask_bits
        for key in ("zeropoint", "wavelength"):
            if (value := getattr(self, key)) is not None:
                values[key] = value
        return values

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> BandSpec:
        """The inverse of `to_dict`. Raises AstroTLError when the name or the image is missing."""
        try:
            name, image = str(values["name"]), Plane.parse(str(values["image"]))
        except KeyError as problem:
            raise AstroTLError(
                "Band is incomplete", f"A band needs a name and an image: no {problem}."
            ) from None
        planes = {role: Plane.parse(str(values[role])) for role in PLANE_ROLES if role in values}
        numbers = {key: float(values[key]) for key in ("zeropoint", "wavelength") if key in values}
        return cls(name, image, mask_bits=int(values.get("mask_bits", 0)), **planes, **numbers)  # type: ignore[arg-type]


@dataclass(frozen=True)
class MosaicSpec:
    """The bands of one field, shortest wavelength first.

    `reference` names the band whose grid all positions refer to (default: the middle band), `colour` the
    bands shown as red, green, blue (green "" = the mean of the two others), `pixel_scale` [arcsec] is used
    only where no band has a WCS. `credit` is a line on whose data these are, shown on the sky ("" = not known).
    `stamp_side` [px] is the side of the cells where the images are a sheet of stamps, 0 for a mosaic. `white` is the
    value shown white where they are pictures, stretched already; 0: that is for the pixels to tell.
    """

    name: str
    bands: tuple[BandSpec, ...]
    reference: str = ""
    colour: tuple[str, str, str] = field(default=("", "", ""))
    pixel_scale: float = 0.0
    credit: str = ""
    stamp_side: int = 0
    white: float = 0.0

    def __post_init__(self) -> None:
        names = [band.name for band in self.bands]
        if not names:
            raise AstroTLError("No image to open", "A mosaic needs at least one band.")
        if len(set(names)) < len(names):
            raise AstroTLError("Two bands share a name", f"Give each band its own name: {', '.join(names)}.")
        if not self.reference:
            object.__setattr__(self, "reference", names[len(names) // 2])
        if not any(self.colour):
            object.__setattr__(self, "colour", default_colour(names))
        for name in (self.reference, *filter(None, self.colour)):
            if name not in names:
                raise AstroTLError(
                    "No such band", f"There is no band {name}; the bands are {', '.join(names)}."
                )

    def band(self, name: str) -> BandSpec:
        """The band of that name. Raises AstroTLError when there is none."""
        for band in self.bands:
            if band.name == name:
                return band
        names = ", ".join(band.name for band in self.bands)
        raise AstroTLError("No such band", f"There is no band {name}; the bands are {names}.")

    def to_dict(self) -> dict[str, Any]:
        """Values that TOML can hold."""
        values: dict[str, Any] = {"name": self.name, "reference": self.reference, "colour": list(self.colour)}
        if self.pixel_scale:
            values["pixel_scale"] = self.pixel_scale
        if self.credit:
            values["credit"] = self.credit
        if self.stamp_side:
            values["stamp_side"] = self.stamp_side
        if self.white:
            values["white"] = self.white
        values["bands"] = [band.to_dict() for band in self.bands]
        return values

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> MosaicSpec:
        """The inverse of `to_dict`."""
        red, green, blue = values.get("colour", ("", "", ""))
        return cls(
            str(values.get("name", "")),
            tuple(BandSpec.from_dict(band) for band in values.get("bands", ())),
            str(values.get("reference", "")),
            (str(red), str(green), str(blue)),
            float(values.get("pixel_scale", 0.0)),
            str(values.get("credit", "")),
            int(values.get("stamp_side", 0)),
            float(values.get("white", 0.0)),
        )


def default_colour(names: Sequence[str]) -> tuple[str, str, str]:
    """Bands for red, green and blue from names ordered by wavelength; "" = the mean of the two others."""
    count = len(names)
    if count == 2:
        return names[1], "", names[0]
    red, green, blue = (count - 1, (count + 1) // 2, count // 4) if count >= 4 else (count - 1, count // 2, 0)
    return names[red], names[green], names[blue]
