"""DS9 regions read and written, beside the regions package."""

from __future__ import annotations

import math
import warnings
from pathlib import Path

import numpy as np
import pytest
from regions import Regions

from astrotl_gui.core.bands import BandSpec, MosaicSpec
from astrotl_gui.core.errors import AstroTLError
from astrotl_gui.core.fits import Plane
from astrotl_gui.core.mosaic import Mosaic
from astrotl_gui.core.outlines import outlines
from astrotl_gui.core.region_text import Region, parse_regions, read_regions, write_regions
from tests.gui.small_mosaic import write_band

SHAPES = (
    "circle({0},{1},{2})",
    "ellipse({0},{1},{2},{3},31.5)",
    "ellipse({0},{1},{2},{3},{4},{5},31.5)",
    "box({0},{1},{2},{3},20)",
    "polygon({0},{1},{6},{1},{6},{7})",
    "line({0},{1},{6},{7})",
    "point({0},{1})",
    "annulus({0},{1},{2},{4})",
)
ON_SKY = ("149.998", "2.0011", '5"', '3"', '9"', '6"', "149.9995", "2.003")
ON_IMAGE = ("301.5", "220.25", "12", "8", "20", "14", "340.125", "260.5")
FRAMES = ("image", "icrs", "fk5", "fk4", "galactic", "ecliptic")


def text_of(frame: str, shape: str) -> str:
    if frame in ("galactic", "ecliptic", "fk4"):
        from astropy.coordinates import SkyCoord

        name = {"ecliptic": "barycentricmeanecliptic"}.get(frame, frame)
        first, second = (
            SkyCoord(float(ra), float(dec), unit="deg").transform_to(name).spherical
            for ra, dec in ((ON_SKY[0], ON_SKY[1]), (ON_SKY[6], ON_SKY[7]))
        )
        numbers = (
            str(first.lon.deg),
            str(first.lat.deg),
            *ON_SKY[2:6],
            str(second.lon.deg),
            str(second.lat.deg),
        )
    else:
        numbers = ON_IMAGE if frame == "image" else ON_SKY
    return (
        f"# Region file format: DS9 version 4.1\n{frame}\n{shape.format(*numbers)} # text={{A; b}} color=red"
    )


@pytest.fixture(scope="module")
def mosaic(tmp_path_factory: pytest.TempPathFactory) -> Mosaic:
    path = write_band(tmp_path_factory.mktemp("sky") / "r.fits", 1, 60.0)
    return Mosaic.open(MosaicSpec("sky", (BandSpec("r", Plane(path, 0)),)))


@pytest.mark.parametrize("frame", FRAMES)
@pytest.mark.parametrize("shape", SHAPES)
def test_what_was_read_is_written_and_read_back_equal(frame: str, shape: str, tmp_path: Path) -> None:
    [region] = parse_regions(text_of(frame, shape)).regions
    assert region.text == "A; b"
    write_regions(tmp_path / "a.reg", [region])
    [again] = read_regions(tmp_path / "a.reg").regions
    assert (again.shape, again.frame, again.text, again.unit) == (region.shape, frame, "A; b", region.unit)
    np.testing.assert_allclose(again.points, region.points, rtol=0, atol=1e-9)
    np.testing.assert_allclose(again.sizes, region.sizes, rtol=0, atol=1e-9)
    assert again.angle == region.angle


@pytest.mark.parametrize("frame", ["image", "icrs", "fk5", "galactic"])
@pytest.mark.parametrize("shape", SHAPES)
def test_regions_lie_where_the_regions_package_puts_them(frame: str, shape: str, mosaic: Mosaic) -> None:
    if frame == "galactic" and shape.startswith(("ellipse", "box")):
        pytest.skip("the package takes north of the image, DS9 and we take galactic north")
    text = text_of(frame, shape)
    placed = outlines(parse_regions(text).regions, mosaic)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        theirs = Regions.parse(text, format="ds9")[0]
        theirs = theirs.to_pixel(mosaic.wcs) if frame != "image" else theirs
    name = type(theirs).__name__
    if name.startswith(("Circle", "Ellipse")):
        a, b, angle = placed.rings[0]
        assert [placed.x[0], placed.y[0]] == pytest.approx([theirs.center.x, theirs.center.y], abs=1e-6)
        if name == "CirclePixelRegion":
            assert a == b == pytest.approx(theirs.radius, rel=1e-4)
        elif name == "CircleAnnulusPixelRegion":
            assert [ring[0] for ring in placed.rings] == pytest.approx(
                [theirs.inner_radius, theirs.outer_radius], rel=1e-4
            )
        elif name == "EllipsePixelRegion":
            # DS9 gives radii, the package diameters.
            assert [2 * a, 2 * b] == pytest.approx([theirs.width, theirs.height], rel=1e-4)
            assert math.degrees(angle) % 180 == pytest.approx(theirs.angle.to_value("deg") % 180, abs=0.01)
        else:
            assert len(placed.rings) == 2
    elif name == "PointPixelRegion":
        assert [placed.x[0], placed.y[0]] == pytest.approx([theirs.center.x, theirs.center.y], abs=1e-6)
    else:
        vertices = {
            "RectanglePixelRegion": lambda: theirs.corners,
            "PolygonPixelRegion": lambda: np.stack([theirs.vertices.x, theirs.vertices.y], axis=-1),
            "LinePixelRegion": lambda: np.array(
                [(theirs.start.x, theirs.start.y), (theirs.end.x, theirs.end.y)]
            ),
        }[name]()
        mine = placed.lines[0][: len(vertices)]
        for corner in np.array(vertices):
            assert np.hypot(*(mine - corner).T).min() < 2e-3


def test_an_angle_counts_from_the_north_of_its_own_frame(mosaic: Mosaic) -> None:
    from astropy.coordinates import SkyCoord

    here = SkyCoord(149.998, 2.0011, unit="deg")
    north = SkyCoord(here.galactic.l.deg, here.galactic.b.deg + 1e-3, unit="deg", frame="galactic")
    placed = outlines(parse_regions(text_of("galactic", SHAPES[1])).regions, mosaic)
    expected = 31.5 + here.position_angle(north).deg  # north is up in this mosaic
    assert math.degrees(placed.rings[0][2]) == pytest.approx(expected, abs=0.01)


def test_sexagesimal_units_old_forms_and_properties() -> None:
    text = """global color=green font="helvetica 10 normal" # nothing
fk5;circle(10:00:00.0,+2:30:00,1.5') # color={red}; -box(10h00m00s,2d30m00s,1d,0.5d,0) # text="two words"
image
cross point 10 20
circle 5 6 7 # text={no parentheses}
annulus(5,6,2,8,n=3)
# text(11,12) text={said}
physical;point(3,4) # point=x
"""
    found = parse_regions(text).regions
    assert [region.shape for region in found] == [
        "circle",
        "box",
        "point",
        "circle",
        "annulus",
        "text",
        "point",
    ]
    assert found[0].points == ((150.0, 2.5),)
    assert found[0].sizes == (0.025,)
    assert found[1].excluded
    assert found[1].text == "two words"
    assert found[1].points[0] == pytest.approx((150.0, 2.5))
    assert (found[2].mark, found[2].points) == ("cross", ((9.0, 19.0),))
    assert (found[3].points, found[3].text) == (((4.0, 5.0),), "no parentheses")
    assert found[4].sizes == (2.0, 4.0, 6.0, 8.0)
    assert (found[5].text, found[5].points) == ("said", ((10.0, 11.0),))
    assert (found[6].frame, found[6].mark) == ("physical", "x")


def test_comments_texts_and_quotes() -> None:
    text = """# a comment; with "quotes" and circle(1,2
# text files are made by hand
# text 3 of the paper
icrs; circle(10,20,5") # text="a;b" color=red; circle(10,20,5') # text='c; {d}'
annulus(10,20,1",4",n=3)
image
# text(11,12,{a (b); c})
"""
    found = parse_regions(text).regions
    assert [region.text for region in found] == ["a;b", "c; {d}", "", "a (b); c"]
    assert np.array(found[2].sizes) * 3600 == pytest.approx([1, 2, 3, 4])


@pytest.mark.parametrize("said", ["a}b", 'a}"b', "a;'b'", "all } \" and '"])
def test_texts_with_ends_in_them_are_written_and_read(said: str, tmp_path: Path) -> None:
    region = Region("circle", "image", ((1.0, 2.0),), (3.0,), "px", text=said)
    write_regions(tmp_path / "a.reg", [region, region])
    texts = [again.text for again in read_regions(tmp_path / "a.reg").regions]
    assert texts == [said if said[:3] != "all" else "all ) \" and '"] * 2


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("icrs\ncircle(1,2", "line 2: a parenthesis is not closed."),
        ("icrs\n\ncircle(1,x,3)", "line 3: “x” is no coordinate. circle(x, y, radius) is meant."),
        ("image\ncircle(1,2)", "line 2: Numbers are missing."),
        ("image\nellipse(1,2,3)", "line 2: Numbers are missing."),
        ("image\ncircle(1,2,nan)", "line 2: “nan” is no"),
        ("what is this", "line 1: “what is this” is no region."),
        ("image\npolygon(1,2,3)", "line 2: Numbers are missing."),
        ("image\nannulus(1,2,3,4,n=0)", "line 2: “n=0” is no number of rings."),
        ("image\nannulus(1,2,3,4,n=two)", "line 2: “n=two” is no number of rings."),
        ("icrs\nannulus(1,2,3\",4',n=2)", "line 2: Its sizes have different units."),
    ],
)
def test_what_cannot_be_understood_is_named_with_its_line(text: str, says: str) -> None:
    with pytest.raises(AstroTLError) as told:
        parse_regions(text, "a.reg")
    assert f"a.reg, {says}" in told.value.detail


def test_what_cannot_be_drawn_is_left_out_and_counted() -> None:
    found = parse_regions("image\nvector(1,2,3,4)\ncircle(1,2,3)\nlinear\ncircle(1,2,3)\n# ruler(1,2,3,4)")
    assert len(found.regions) == 1
    assert found.left_out == {"vector": 1, "linear": 1, "ruler": 1}
    for text in ("", "# only a comment\n", "image\nvector(1,2,3,4)"):
        with pytest.raises(AstroTLError, match="no regions"):
            parse_regions(text)


def test_files_that_are_none(tmp_path: Path) -> None:
    with pytest.raises(AstroTLError, match="missing"):
        read_regions(tmp_path / "none.reg")
    (tmp_path / "binary.reg").write_bytes(bytes(range(200, 256)))
    with pytest.raises(AstroTLError, match="cannot be read"):
        read_regions(tmp_path / "binary.reg")


def test_physical_pixels_are_image_pixels_unless_the_header_says_otherwise(mosaic: Mosaic) -> None:
    region = Region("circle", "physical", ((10.0, 20.0),), (5.0,), "px")
    assert (outlines([region], mosaic).x[0], outlines([region], mosaic).y[0]) == (10.0, 20.0)
    header = mosaic.band("r").header
    header["LTM1_1"], header["LTM2_2"], header["LTV1"], header["LTV2"] = 0.5, 0.5, 100.0, -2.0
    try:
        placed = outlines([region], mosaic)
    finally:
        for key in ("LTM1_1", "LTM2_2", "LTV1", "LTV2"):
            del header[key]
    assert (placed.x[0], placed.y[0]) == (11 * 0.5 + 100 - 1, 21 * 0.5 - 2 - 1)
