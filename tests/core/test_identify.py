"""Which file and HDU is which band, and what belongs to it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from astropy.io import fits

from astrotl_gui.core.errors import AstroTLError
from astrotl_gui.core.identify import Proposal, identify
from astrotl_gui.core.mosaic import Mosaic
from astrotl_gui.pipeline.new import spec_from_options


def image(
    path: Path, *cards: tuple[object, ...], shape: tuple[int, ...] = (40, 50), value: float = 1.0
) -> Path:
    fits.PrimaryHDU(np.full(shape, value, "f4"), fits.Header(list(cards))).writeto(path, overwrite=True)
    return path


def real(shared_data: Path, pattern: str) -> Proposal:
    """Identify real files and open the result as it stands: nobody helps."""
    proposal = identify(sorted((shared_data / "fits").glob(pattern)))
    mosaic = Mosaic.open(proposal.spec(pixel_scale=0.263))
    for band in mosaic.bands:
        values = mosaic.read(band.name, (0, 0, mosaic.shape[1], mosaic.shape[0]))
        assert np.isfinite(values).mean() > 0.6, band.name  # a third of PS1 z is NaN
    return proposal


def names(proposal: Proposal) -> list[str]:
    return [band.name for band in proposal.bands]


def test_bands_come_shortest_wavelength_first_whatever_the_order_of_files(tmp_path: Path) -> None:
    files = [image(tmp_path / f"sky_{name}.fits") for name in ("Ks", "g", "z", "VIS", "u")]
    proposal = identify(files)
    assert names(proposal) == ["u", "g", "VIS", "z", "Ks"]
    assert proposal.name == "sky"


def test_headers_that_all_claim_one_filter_are_not_believed(tmp_path: Path) -> None:
    files = [image(tmp_path / f"sky_{name}.fits", ("FILTER", "g")) for name in "gri"]
    proposal = identify(files)
    assert names(proposal) == ["g", "r", "i"]
    assert proposal.warnings == ("All three headers say filter g; the file names say g, r, i.",)


def test_epochs_of_one_filter_get_distinct_names(tmp_path: Path) -> None:
    files = [image(tmp_path / f"epoch{k}.fits", ("FILTER", "F200W")) for k in range(3)]
    assert names(identify(files)) == ["F200W", "F200W-2", "F200W-3"]


def test_files_without_any_filter_are_named_by_what_differs(tmp_path: Path) -> None:
    proposal = identify([image(tmp_path / f"field-{name}.fits") for name in ("north", "south")])
    assert names(proposal) == ["north", "south"]
    assert proposal.name == "field"
    assert [band.wavelength for band in proposal.bands] == [None, None]
    assert names(identify([tmp_path / "field-north.fits"])) == ["field-north"]


def test_maps_in_their_own_files_go_with_their_image(tmp_path: Path) -> None:
    files = []
    for name in "gr":
        files += [image(tmp_path / f"m31_{name}.fits", ("FILTER", name))]
        files += [image(tmp_path / f"m31_{name}_{role}.fits") for role in ("rms", "weight", "mask")]
        files += [image(tmp_path / f"m31_{name}_psf.fits", shape=(21, 21))]
    bands = identify(files).bands
    assert [band.name for band in bands] == ["g", "r"]
    for band in bands:
        for role in ("rms", "weight", "mask", "psf"):
            assert getattr(band, role).path.name == f"m31_{band.name}_{role}.fits"


def test_a_title_names_the_filter_where_nothing_else_does(tmp_path: Path) -> None:
    cards = [("OBJECT", "A671 R 1200sec"), ("FILTERS", "4")]
    (band,) = identify([image(tmp_path / "A671.fits", *cards)]).bands
    assert (band.name, band.wavelength) == ("R", 641.0)
    (band,) = identify([image(tmp_path / "A671_V.fits", *cards)]).bands
    assert band.name == "V"


def test_a_ztf_quadrant_with_its_mask(tmp_path: Path) -> None:
    names = [f"ztf_20200924431759_000655_zr_c13_o_q{quadrant}" for quadrant in (2, 3)]
    bits = [("BIT01", 1, "CONTAINS SEXTRACTOR DETECTION"), ("BIT08", 8, "SATURATED")]
    files = []
    for name in names:
        files.append(image(tmp_path / f"{name}_sciimg.fits", ("FILTER", "ZTF_r")))
        files.append(image(tmp_path / f"{name}_mskimg.fits", ("FILTER", "ZTF_r"), *bits))
    for band, name in zip(identify(files).bands, names, strict=True):
        assert band.image.path.name == f"{name}_sciimg.fits"
        assert band.mask is not None
        assert band.mask.path.name == f"{name}_mskimg.fits"
        assert band.mask_bits == 1 << 8


def test_a_map_that_fits_no_image_is_left_out_and_named(tmp_path: Path) -> None:
    files = [image(tmp_path / "sky_g.fits"), image(tmp_path / "sky_g_rms.fits", shape=(9, 9))]
    proposal = identify(files)
    assert proposal.bands[0].rms is None
    assert "sky_g_rms.fits (rms) fits no image" in proposal.warnings[0]


def test_extension_versions_pair_up(tmp_path: Path) -> None:
    path = tmp_path / "hst.fits"
    hdus = [fits.PrimaryHDU()]
    for version, name in ((1, "F606W"), (2, "F814W")):
        for extension in ("SCI", "ERR", "DQ"):
            hdu = fits.ImageHDU(np.ones((30, 30), "f4"), name=extension, ver=version)
            if extension == "SCI":
                hdu.header["FILTER"] = name
            hdus.append(hdu)
    fits.HDUList(hdus).writeto(path)
    bands = identify([path]).bands
    assert [(b.name, b.image.hdu, b.rms and b.rms.hdu, b.mask and b.mask.hdu) for b in bands] == [
        ("F606W", 1, 2, 3),
        ("F814W", 4, 5, 6),
    ]


def test_the_chips_of_a_camera_are_not_bands(tmp_path: Path) -> None:
    path = tmp_path / "c4d.fits"
    primary = fits.PrimaryHDU()
    primary.header["FILTER"] = "r DECam SDSS c0002 6415.0 1480.0"
    chips = [fits.ImageHDU(np.ones((30, 30), "f4"), name=f"N{k}") for k in range(4)]
    fits.HDUList([primary, *chips]).writeto(path)
    proposal = identify([path])
    assert names(proposal) == ["r"]
    assert proposal.bands[0].wavelength == 641.5
    assert proposal.warnings == ("c4d.fits has 4 images of r; the first (N0) is used.",)


def test_a_short_cube_is_bands_and_a_long_one_a_stack(tmp_path: Path) -> None:
    proposal = identify([image(tmp_path / "colour.fits", shape=(3, 40, 50))])
    assert names(proposal) == ["plane 0", "plane 1", "plane 2"]
    proposal = identify([image(tmp_path / "stack.fits", shape=(46, 40, 50))])
    assert len(proposal.bands) == 1
    assert "46 planes" in proposal.warnings[0]


def test_a_mask_of_sources_is_not_a_mask_of_bad_pixels(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    y, x = np.mgrid[:300, :300]
    sky = rng.normal(0, 1, (300, 300))
    for cx, cy, flux in zip(*rng.uniform(10, 290, (2, 60)), rng.uniform(20, 100, 60), strict=True):
        sky += flux * np.exp(-((x - cx) ** 2 + (y - cy) ** 2) / 30)
    path = tmp_path / "sky_g.fits"
    fits.PrimaryHDU(sky.astype("f4")).writeto(path)
    mask = tmp_path / "sky_g_mask.fits"
    for marked, used in ((sky > 5, False), (x > 280, True), (sky > 95, True)):
        fits.PrimaryHDU(marked.astype("i2")).writeto(mask, overwrite=True)
        proposal = identify([path, mask])
        assert (proposal.bands[0].mask is not None) == used
        assert any("marks the sources" in text for text in proposal.warnings) != used


def test_only_maps_are_opened_as_images(tmp_path: Path) -> None:
    proposal = identify([image(tmp_path / "sky_rms.fits")])
    assert len(proposal.bands) == 1
    assert "No file looks like an image" in proposal.warnings[0]


def test_the_finest_pixels_are_the_reference(tmp_path: Path) -> None:
    def wcs(scale: float) -> list[tuple[str, object]]:
        step = scale / 3600
        cards = [("CTYPE1", "RA---TAN"), ("CTYPE2", "DEC--TAN"), ("CRVAL1", 10.0), ("CRVAL2", 20.0)]
        return [*cards, ("CRPIX1", 20.0), ("CRPIX2", 20.0), ("CD1_1", -step), ("CD2_2", step)]

    scales = {"g": 0.4, "r": 0.4, "i": 0.2, "z": 0.4}
    files = [image(tmp_path / f"sky_{name}.fits", *wcs(scale)) for name, scale in scales.items()]
    assert identify(files).reference == "i"
    pairs = [(path.stem, str(path)) for path in files]
    named = spec_from_options(tmp_path / "Sky.astrotl", bands=pairs)
    assert named.band(named.reference).image == identify(files).spec().band("i").image, "however it is made"


def test_nothing_and_broken_files_are_told(tmp_path: Path) -> None:
    with pytest.raises(AstroTLError, match="No image to open"):
        identify([])
    (tmp_path / "notes.fits").write_text("g band\n")
    with pytest.raises(AstroTLError, match=r"Not a FITS file.*notes\.fits"):
        identify([image(tmp_path / "sky_g.fits"), tmp_path / "notes.fits"])


def test_cfhtls(shared_data: Path) -> None:
    proposal = real(shared_data, "cfhtls_w3/*")
    assert names(proposal) == ["g", "r", "i"]
    assert not proposal.warnings
    assert [band.zeropoint for band in proposal.bands] == [30.0] * 3
    assert proposal.name == "W3.+1-2"


def test_xdf(shared_data: Path) -> None:
    proposal = real(shared_data, "xdf/*")
    assert names(proposal) == ["F435W", "F606W", "F775W", "F850LP", "F160W"]
    assert proposal.name == "xdf"
    for band in proposal.bands:
        assert (band.image.hdu, band.rms and band.rms.hdu, band.weight and band.weight.hdu) == (0, 1, 2)
        assert band.rms
        assert band.weight
        assert band.image.path == band.rms.path == band.weight.path


def test_jwst(shared_data: Path) -> None:
    proposal = real(shared_data, "jwst_a2744/*")
    assert names(proposal) == ["F200W", "F200W-2"]
    assert proposal.name == "ABELL2744"
    for band in proposal.bands:
        assert band.rms is not None
        assert band.rms.path.name == f"{band.image.path.stem}.noise.fits"
        assert band.zeropoint == pytest.approx(28.03, abs=0.02)
        assert band.wavelength == 2000
        # The 0/1 mask marks an eighth of the pixels, all of them the brightest: detections, not defects.
        assert band.mask is None
    assert any("mask4sfft.fits marks the sources" in text for text in proposal.warnings)


def test_sdss(shared_data: Path) -> None:
    proposal = real(shared_data, "sdss/reprojected*")
    assert names(proposal) == ["g", "r", "i"]
    assert proposal.warnings == ("All three headers say filter g; the file names say g, r, i.",)
    assert [band.zeropoint for band in proposal.bands] == [22.5] * 3
    frame = real(shared_data, "sdss/frame*")
    assert names(frame) == ["g"]
    assert frame.bands[0].image.hdu == 0
    assert not frame.warnings


def test_euclid(shared_data: Path) -> None:
    eight = real(shared_data, "euclid_lens/1020*")
    assert names(eight) == ["g", "r", "VIS", "i", "z", "Y", "J", "H"]
    four = real(shared_data, "euclid_lens/euclid_q1*")
    assert names(four) == ["VIS", "Y", "J", "H"]
    for band in (*eight.bands, *four.bands):
        assert band.rms is not None
        assert band.psf is not None
        assert band.zeropoint is not None
        assert (band.psf.hdu, band.rms.hdu) == (band.image.hdu + 1, band.image.hdu + 2)


@pytest.mark.parametrize(
    ("pattern", "expected", "zeropoints"),
    [
        ("KiDS*", ["g", "r", "i"], [0.0, 0.0, 0.0]),
        ("PS1*", ["r", "i", "z"], [28.766, 28.914, 28.010]),
        ("VICS*", ["i", "J", "Ks"], [None, None, None]),
    ],
)
def test_kids_ps1_vics(
    shared_data: Path, pattern: str, expected: list[str], zeropoints: list[float | None]
) -> None:
    proposal = real(shared_data, f"kids_ps1_vics/{pattern}")
    assert names(proposal) == expected
    found = [None if b.zeropoint is None else round(b.zeropoint, 3) for b in proposal.bands]
    assert found == zeropoints


def test_des_cubes_and_decam_epochs(shared_data: Path) -> None:
    cubes = real(shared_data, "des_red_galaxies/*.fits")
    assert names(cubes) == ["g", "r", "i", "z", "Y"]
    assert cubes.name == "des_red_galaxies"
    assert {band.image.index for band in cubes.bands} == {0}
    epochs = real(shared_data, "decam_epochs/DEC*")
    assert names(epochs) == ["i", *(f"i-{k}" for k in range(2, 11))]


def test_all_small_trios_together_are_different_fields(shared_data: Path) -> None:
    with pytest.raises(AstroTLError, match="different fields"):
        real(shared_data, "kids_ps1_vics/*")
