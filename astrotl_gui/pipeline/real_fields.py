"""Four real fields that anyone can have: which file of which registry package they are, and whose data."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from astrotl_gui.core.settings import cache_folder, data_folder


@dataclass(frozen=True)
class Archive:
    """A file in the package registry; `size` of all of it and `needed` until the members are out [bytes]."""

    package: str
    version: str
    file: str
    sha256: str
    size: int
    needed: int


@dataclass(frozen=True)
class Member:
    """A file in an archive: its path there, its size [bytes] and its SHA-256."""

    path: str
    size: int
    sha256: str

    @property
    def name(self) -> str:
        return PurePosixPath(self.path).name


@dataclass(frozen=True)
class Landmark:
    """Something to look for: its name and the box that holds it, (x0, y0, x1, y1) in 0-based px."""

    name: str
    box: tuple[float, float, float, float]

    @property
    def middle(self) -> tuple[float, float]:
        x0, y0, x1, y1 = self.box
        return (x0 + x1) / 2, (y0 + y1) / 2


@dataclass(frozen=True)
class RealField:
    """A real image of the sky with where it comes from.

    `facts` is what the welcome page says of it, `credit` what stands on the sky: only what the headers and the
    package's own licence say. `zeropoint` [AB] is given where the header's own cannot be meant.
    """

    name: str
    title: str
    facts: str
    credit: str
    archive: Archive
    members: tuple[Member, ...]
    zeropoint: float | None = None
    landmark: Landmark | None = None

    @property
    def folder(self) -> Path:
        """Where its images are kept once they are downloaded."""
        return cache_folder() / "fields" / self.name

    def project(self, folder: Path | None = None) -> Path:
        """Its project folder in `folder`, by default among the user's data."""
        return (folder or data_folder()) / f"{self.title}.astrotl"

    @property
    def files(self) -> list[Path]:
        return [self.folder / member.name for member in self.members]

    @property
    def here(self) -> bool:
        """Whether its images look as if they were on this computer: no file is read for this."""
        return all(
            file.is_file() and file.stat().st_size == member.size
            for file, member in zip(self.files, self.members, strict=True)
        )


_ALL = (
    RealField(
        "abell370",
        "Abell 370",
        "CFHT, one band",
        "CFHT 3.6 m, FOCAM, 1991 · via mpdaf 3.6 (BSD-3-Clause)",
        Archive(
            "mpdaf",
            "3.6",
            "mpdaf-3.6.tar.gz",
            "836cd0b3b2941900f1257c640449cca931d33dcf914419ceeb661a7607557208",
            61_014_980,
            11_400_000,
        ),
        (
            Member(
                "mpdaf-3.6/lib/mpdaf/data/obj/a370II.fits",
                6_871_680,
                "a7d833769b3c0e53f9de1de02af58d772258f3391753c87e81a47dcc7ad4edaf",
            ),
        ),
        landmark=Landmark("giant arc", (945, 745, 1010, 860)),
    ),
    RealField(
        "abell671",
        "Abell 671",
        "Kitt Peak 0.9 m, one band",
        "KPNO 0.9 m, 1992, López-Cruz & Yee · via galfitools 1.36.0 (MIT)",
        Archive(
            "galfitools",
            "1.36.0",
            "galfitools-1.36.0.tar.gz",
            "341b8bd3d94d22ae2d7bed9cdfafeaf7b32c7839112f0f613fb1826aad386a66",
            26_027_546,
            8_700_000,
        ),
        (
            Member(
                "galfitools-1.36.0/tests/A671.gtMakeMask.maskds9.masksky.fits",
                8_398_080,
                "2e551aae4bf13bd7ec373c1789986d0a232ce242a5ae9e17fdb6ab170203ce19",
            ),
        ),
    ),
    # The package ships one quadrant: field 655, CCD 13, quadrant 3.
    RealField(
        "ztf",
        "ZTF field 655",
        "Palomar 48-inch, one band",
        "Zwicky Transient Facility, Palomar 48-inch, 2020 · via ztfimg 0.19.0 (Apache-2.0)",
        Archive(
            "ztfimg",
            "0.19.0",
            "ztfimg-0.19.0.tar.gz",
            "783003da997eeeb27b38445598b9a2519a50021eb6fc5665706e66de70ff9804",
            31_109_934,
            31_100_000,
        ),
        (
            Member(
                "ztfimg-0.19.0/ztfimg/data/ztf_20200924431759_000655_zr_c13_o_q3_sciimg.fits",
                37_872_000,
                "0884728fcf98cb81c95961987c940069b00fe496552030f7610f6d6390b4dee4",
            ),
            Member(
                "ztfimg-0.19.0/ztfimg/data/ztf_20200924431759_000655_zr_c13_o_q3_mskimg.fits",
                18_941_760,
                "dd636f16779a9aaadfab035243dadbed686ebaae8ffac157a60f5e30916ba8f2",
            ),
        ),
    ),
    # The header still says electrons per second, but these are the electrons of all 2,012 s: as a rate the galaxy
    # would shine at magnitude 3. The zero point is the rate's (26.819) + 2.5 log10(2012).
    RealField(
        "ugc12517",
        "UGC 12517",
        "Hubble, one band",
        "NASA/ESA Hubble, WFC3/IR, 2021, proposal 16262 (Tully) · via astrovista 1.0.1 (MIT)",
        Archive(
            "astrovista",
            "1.0.1",
            "astrovista-1.0.1-py3-none-any.whl",
            "285a5699d0aed134aa2336b15b95d39cdd57f0779ff4eeb55013caa05c787d46",
            2_000_406,
            2_000_406,
        ),
        (
            Member(
                "astro_vista/data/u12517j.fits.gz",
                1_830_945,
                "2c2cc01a1e574088655f02b4f2117181519542c913b51a33df2e328a643e11af",
            ),
        ),
        zeropoint=35.078,
    ),
)
FIELDS: dict[str, RealField] = {field.name: field for field in _ALL}
"""By the name that `astrotl demo --field` takes, in the order of the welcome page."""
