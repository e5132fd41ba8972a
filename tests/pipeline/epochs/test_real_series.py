"""Real exposures and alerts: DECam's ten, JWST's two, ZTF's triplets. Skipped where the data are absent."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from astrotl_gui.core.epochs import read_series
from astrotl_gui.core.errors import AstroTLError
from astrotl_gui.core.identify import identify
from astrotl_gui.core.mosaic import Mosaic
from astrotl_gui.core.settings import DetectionSettings, EpochSettings
from astrotl_gui.pipeline.detect import detect
from astrotl_gui.pipeline.epochs.run import measure_series
from astrotl_gui.pipeline.epochs.triplets import read_triplets, triplet_epochs


def test_decam_headers_repeat_one_date_and_two_groups_lie_half_a_pixel_apart(
    shared_data: Path, tmp_path: Path
) -> None:
    folder = shared_data / "fits" / "decam_epochs"
    images = sorted(folder.glob("DEC*.fits"))
    with pytest.raises(AstroTLError, match="share a date"):
        read_series(images)
    dates = tmp_path / "dates.csv"
    dates.write_text(
        "filename,mjd\n" + "".join(f"{path.name},{58300 + 3 * k}\n" for k, path in enumerate(images))
    )
    series = read_series(images, dates=dates, stack=folder / "Stack-DEC-OBS04.fits")
    assert (
        len(series) == 10
        and series.stack is not None
        and series.epochs[9].gain == pytest.approx(4.15, abs=0.1)
    )
    mosaic = Mosaic.open(identify([folder / "Stack-DEC-OBS04.fits"]).spec())
    catalog = detect(mosaic, DetectionSettings())
    measured = measure_series(mosaic, series, catalog, EpochSettings())
    shifts = np.array([(fact.dx, fact.dy) for fact in measured.facts])
    assert np.abs(shifts[:5]).max() < 0.2 and shifts[5:].mean(axis=0) == pytest.approx(
        [-0.53, -0.25], abs=0.1
    )
    whole = np.isfinite(measured.flux).all(axis=1)
    flux, error = measured.flux[whole], measured.error[whole]
    pulls = (flux - np.median(flux, axis=1, keepdims=True)) / error
    assert 1.4826 * np.median(np.abs(pulls)) == pytest.approx(1, abs=0.2)


def test_the_two_jwst_epochs_load_and_register(shared_data: Path) -> None:
    images = sorted((shared_data / "fits" / "jwst_a2744").glob("*.fits"))
    series = read_series(images)
    assert not series.judged and all(epoch.image.rms is not None for epoch in series.epochs)
    assert set(series.mjd.astype(int)) == {59759, 59885}  # MJD-AVG and MJD-BEG are the same in both
    mosaic = Mosaic.open(identify(images[:2]).spec())
    catalog = detect(mosaic, DetectionSettings(threshold=20))
    measured = measure_series(mosaic, series, catalog, EpochSettings())
    assert all(fact.stars > 20 and fact.shift < 1.0 for fact in measured.facts)
    bright = catalog.column("snr") > 200
    ratio = measured.flux[bright, 1] / measured.flux[bright, 0]
    assert np.nanmedian(ratio) == pytest.approx(1, abs=0.02)


def test_triplets_of_a_broker_load_as_epochs(shared_data: Path, tmp_path: Path) -> None:
    folder = shared_data / "labelled" / "ztf_alerts"
    triplets = read_triplets(folder / "cutouts.npz", folder / "labels.csv")
    assert len(triplets) == 213 and triplets.of("difference").shape == (213, 63, 63)
    assert triplets.objects[0] == "ZTF18abadigg" and 59500 < triplets.mjd.min() < triplets.mjd.max() < 61000
    table, evidence = triplet_epochs(triplets)
    assert table.flux.shape == (213, 2) and not table.flagged.any() and table.names == ("template", "science")
    assert (
        np.median(np.abs(np.array(evidence["snr"]))[np.isfinite(evidence["snr"])]) > 5
    )  # alerts are detections
    np.save(tmp_path / "flat.npy", np.zeros((3, 4)))
    with pytest.raises(AstroTLError, match="triplets"):
        read_triplets(tmp_path / "flat.npy")
