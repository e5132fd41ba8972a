"""Sky catalogs: Parquet partitioned by HEALPix, with the metadata of HATS where `hats` is installed.

The layout is that of HATS (IVOA note, 2025): dataset/Norder=k/Dir=d/Npix=p.parquet, rows sorted by the column
_healpix_29. The rows are the same with and without `hats`; with it LSDB opens the folder.
"""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Iterable, Iterator, Sequence
from importlib.util import find_spec
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from astrotl_gui.core.errors import AstroTLError
from astrotl_gui.core.files import cannot_write, draft_folder
from astrotl_gui.core.progress import SILENT, Progress
from astrotl_gui.core.user_catalog import known_columns
from astrotl_gui.pipeline.survey.catalog_files import catalog_tables, parquet_tables
from astrotl_gui.pipeline.survey.healpix import (
    COLUMN,
    Pixel,
    checked_positions,
    overlap,
    pixels_of,
    within_any,
)
from astrotl_gui.pipeline.survey.sky_sort import GROUP_ROWS, SkyRuns, divided

MOST_ROWS = 1_000_000
"""Rows of a partition at most, but for a pixel of 0.11° that holds more."""
_FILE = re.compile(r"Norder=(\d+)/(?:Dir=\d+/)?Npix=(\d+)(?:\.[\w.]+)?(?:/[^/]+)?$")


def has_hats() -> bool:
    """Whether the metadata of HATS can be written."""
    return find_spec("hats") is not None


def write_sky_catalog(
    folder: Path,
    tables: Iterable[pa.Table],
    name: str,
    *,
    most: int = MOST_ROWS,
    progress: Progress = SILENT,
) -> None:
    """Write rows with ra and dec [deg, ICRS], given table by table, as one catalog; it appears whole.

    Memory is bounded by 500 000 rows and by one partition, whatever the number of rows. A catalog that was there
    is replaced. Raises AstroTLError for bad positions, parts of different columns, no rows, a full disk.
    """
    draft = draft_folder(folder)
    try:
        runs = SkyRuns(draft / "runs", name)
        runs.folder.mkdir()
        for table in tables:
            runs.add(table)
            progress(0, 0, f"{runs.rows:,} rows read")
        runs.finish()
        if not runs.rows:
            raise AstroTLError("No rows to write", f"{name} has no sources yet, so no catalog was written.")
        pixels = divided(runs.counts, most)
        done = 0
        for pixel in pixels:
            done += _write_pixel(draft, pixel, runs.pixel(pixel))
            progress(done, runs.rows, f"{name}: partition of order {pixel[0]} written")
        shutil.rmtree(runs.folder)
        if has_hats():
            _write_hats(draft, name, pixels, runs.rows, most)
        _replace(draft, folder)
    except OSError as problem:
        raise cannot_write(folder, problem) from problem
    finally:
        shutil.rmtree(draft, ignore_errors=True)


def read_sky_catalog(
    path: Path, columns: Sequence[str] | None = None, within: Sequence[Pixel] | None = None
) -> Iterator[pa.Table]:
    """The rows of a sky catalog, or of one table file, in tables of at most 100 000 rows.

    `path` is a HATS catalog or collection, a folder of Parquet files, or one Parquet, FITS, CSV or ECSV file.
    `columns` are read where given; `within`, HEALPix pixels (order, number; nested), keeps the rows in one of them,
    and of a partitioned catalog only the files that touch them are opened. Raises AstroTLError for what is no
    catalog, for missing columns and, with `within`, for bad positions.
    """
    path = Path(path)
    home = catalog_home(path)
    ra, dec = coordinate_columns(home)
    wanted = None if columns is None else list(dict.fromkeys(columns))
    read = wanted
    if wanted is not None and within is not None:
        read = list(dict.fromkeys([*wanted, ra, dec]))
    parts = partitions(home)
    if parts:
        kept = [file for file, own in parts if within is None or any(overlap(own, pixel) for pixel in within)]
        tables: Iterator[pa.Table] = (table for file in kept for table in parquet_tables(file, read))
    else:
        tables = catalog_tables(home, read)
    for table in tables:
        if within is not None:
            places = checked_positions(table, path.name, ra, dec)
            table = table.filter(pa.array(within_any(pixels_of(*places), within)))
        yield table if wanted is None else table.select(wanted)


def read_positions(
    path: Path, columns: Sequence[str] = (), within: Sequence[Pixel] | None = None
) -> Iterator[pa.Table]:
    """The positions of a user's catalog of any size, in tables of at most 100 000 rows.

    Columns: id (int64, the number of the row from 1 on, in the order of the catalog), ra, dec [deg, float64],
    user_id (the catalog's own identifier as text, where it has one) and `columns`. Coordinates may be named as
    surveys name them (ra/dec, RAJ2000/DEJ2000, ALPHA_J2000/DELTA_J2000, …). With `within` the ids are still those
    of the whole catalog. Raises AstroTLError as `read_sky_catalog`, for no coordinates and for bad positions.
    """
    path = Path(path)
    home = catalog_home(path)
    names = column_names(home)
    said = coordinate_columns(home)
    pair, own = known_columns(names)
    if set(said) <= set(names):
        pair = said
    if pair is None:
        shown = ", ".join(names[:12]) + (" …" if len(names) > 12 else "")
        raise AstroTLError(
            "No coordinates in this catalog",
            f"{path.name} has the columns {shown or 'none'}. Name two of them ra and dec [deg].",
        )
    if clash := sorted(set(columns) & {"id", "ra", "dec", "user_id"}):
        columns = [name for name in columns if name not in clash]
    first = 1
    for table in read_sky_catalog(path, list(dict.fromkeys([*pair, *([own] if own else []), *columns]))):
        places = checked_positions(table, path.name, *pair)
        made = {"id": pa.array(range(first, first + len(table)), pa.int64())}
        made |= {"ra": pa.array(places[0]), "dec": pa.array(places[1])}
        if own:
            made["user_id"] = table[own].cast(pa.string())
        made |= {name: table[name] for name in columns}
        first += len(table)
        result = pa.table(made)
        if within is not None:
            result = result.filter(pa.array(within_any(pixels_of(*places), within)))
        yield result


def column_names(home: Path) -> list[str]:
    """The columns of a catalog, from its first part."""
    parts = partitions(home)
    if parts:
        return list(pq.read_schema(parts[0][0]).names)
    first = next(iter(catalog_tables(home)), None)
    if first is None:
        raise AstroTLError("This catalog has no sources", f"{home} has no rows.")
    return list(first.column_names)


def catalog_home(path: Path) -> Path:
    """The folder of the rows: of a HATS collection, that of its main catalog. AstroTLError if missing."""
    if not path.exists():
        raise AstroTLError("This catalog is missing", f"{path} does not exist.")
    collection = path / "collection.properties"
    if path.is_dir() and collection.is_file():
        main = _properties(collection).get("hats_primary_table_url", "")
        if not main or not (path / main).is_dir():
            raise AstroTLError("This catalog is not whole", f"{collection} names no catalog that is there.")
        return path / main
    return path


def coordinate_columns(home: Path) -> tuple[str, str]:
    """The names of the columns of RA and Dec that the catalog's properties tell; else ra and dec."""
    for name in ("hats.properties", "properties"):
        if home.is_dir() and (home / name).is_file():
            said = _properties(home / name)
            return said.get("hats_col_ra", "ra"), said.get("hats_col_dec", "dec")
    return "ra", "dec"


def partitions(home: Path) -> list[tuple[Path, Pixel]]:
    """The Parquet files of a catalog partitioned by HEALPix with their pixels; none for other folders."""
    found: list[tuple[Path, Pixel]] = []
    if home.is_dir():
        for file in sorted(home.rglob("*.parq*")):
            match = _FILE.search(file.as_posix())
            if match and file.is_file():
                found.append((file, (int(match[1]), int(match[2]))))
    return sorted(found, key=lambda part: (part[1][1] << 2 * (29 - part[1][0]), part[0]))


# --- inside ------------------------------------------------------------------------------------------


def _write_pixel(draft: Path, pixel: Pixel, table: pa.Table) -> int:
    order, number = pixel
    file = (
        draft / "dataset" / f"Norder={order}" / f"Dir={number // 10_000 * 10_000}" / f"Npix={number}.parquet"
    )
    file.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(table, file, row_group_size=GROUP_ROWS, compression="zstd")
    return len(table)


def _write_hats(draft: Path, name: str, pixels: Sequence[Pixel], rows: int, most: int) -> None:
    from hats.catalog import PartitionInfo, TableProperties
    from hats.io.parquet_metadata import write_parquet_metadata
    from hats.pixel_math import HealpixPixel

    write_parquet_metadata(draft)
    info = PartitionInfo.from_healpix([HealpixPixel(*pixel) for pixel in pixels])
    info.write_to_file(draft / "partition_info.csv")
    size = sum(file.stat().st_size for file in draft.rglob("*.parquet"))
    TableProperties(
        catalog_name=name,
        catalog_type="object",
        total_rows=rows,
        ra_column="ra",
        dec_column="dec",
        healpix_column=COLUMN,
        healpix_order=29,
        npix_suffix=".parquet",
        hats_max_rows=most,
        hats_estsize=max(size // 1024, 1),
        moc_sky_fraction=f"{info.calculate_fractional_coverage():.6f}",
        hats_order=max(order for order, _ in pixels),
    ).to_properties_file(draft)


def _replace(draft: Path, folder: Path) -> None:
    old = draft.with_suffix(".old")
    if folder.exists():
        os.replace(folder, old)
    os.replace(draft, folder)
    shutil.rmtree(old, ignore_errors=True)


def _properties(file: Path) -> dict[str, str]:
    lines = file.read_text(encoding="utf-8", errors="replace").splitlines()
    pairs = (line.split("=", 1) for line in lines if "=" in line and not line.startswith("#"))
    return {key.strip(): value.strip() for key, value in pairs}
