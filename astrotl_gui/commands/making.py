"""The verbs of `astrotl` that make something: a project, its sources and embeddings, an encoder, a sky.

As in `commands.verbs`, everything heavy is imported where it is used.
"""

from __future__ import annotations

import argparse
from typing import Any

from astrotl_gui.commands.shared import (
    ConsoleProgress,
    Result,
    catalog_of,
    find_sources,
    injected,
    lines,
    opened,
)
from astrotl_gui.core.errors import AstroTLError


def new(options: argparse.Namespace) -> Result:
    if options.stamps:
        return _new_of_stamps(options)
    stray = [name for name in ("ids", "array", "bands") if getattr(options, name)]
    if stray:
        raise AstroTLError("These are options of stamps", f"--{stray[0]} goes with --stamps DIR|FILE.")
    from astrotl_gui.core.mosaic import Mosaic
    from astrotl_gui.core.project import Project
    from astrotl_gui.core.settings import CutoutSettings, DetectionSettings, default_cutouts
    from astrotl_gui.pipeline.new import spec_from_options

    spec = spec_from_options(
        options.project,
        bands=options.band,
        images=options.images,
        roles={role: getattr(options, role) for role in ("rms", "weight", "mask", "psf")},
        mask_bits=options.mask_bits,
        zeropoints=options.zeropoint,
        pixel_scale=options.pixel_scale,
        progress=ConsoleProgress(),
    )
    mosaic = Mosaic.open(spec, progress=ConsoleProgress())
    cutouts = default_cutouts(mosaic.pixel_scale())
    if options.cutout:
        cutouts = CutoutSettings(size=options.cutout, context=3 * options.cutout)
    if options.catalog:
        from astrotl_gui.core.catalog import read_user_catalog

        read_user_catalog(options.catalog)  # refuse a bad catalog before anything is written
    project = Project.create(options.project, spec, DetectionSettings(), cutouts)
    try:
        result = {
            "project": project.path,
            "bands": [band.name for band in mosaic.bands],
            "shape": list(mosaic.shape),
            "pixel_scale": mosaic.pixel_scale(),
            "notes": list(mosaic.notes),
            "text": f"{project.path}: {', '.join(b.name for b in mosaic.bands)}, "
            f"{mosaic.shape[1]} × {mosaic.shape[0]} px of {mosaic.pixel_scale():.4g}″",
        }
        if options.catalog:
            result["sources"] = len(find_sources(project, mosaic, options.catalog))
        return result
    finally:
        project.close()


def _new_of_stamps(options: argparse.Namespace) -> Result:
    from astrotl_gui.pipeline.new_stamps import new_stamps, read_stamps

    others = ("images", "band", "rms", "weight", "mask", "psf", "mask_bits", "zeropoint", "catalog", "cutout")
    stray = [name.replace("_", "-") for name in others if getattr(options, name)]
    if stray:
        raise AstroTLError("Stamps or images, not both", f"--stamps does not go with {', '.join(stray)}.")
    found = read_stamps(
        [options.stamps],
        ids=options.ids,
        array=options.array,
        bands=[name for name in options.bands.split(",") if name],
        progress=ConsoleProgress(),
    )
    made = new_stamps(options.project, found, pixel_scale=options.pixel_scale, progress=ConsoleProgress())
    bands = ", ".join(made.bands)
    lines = [
        f"{made.path}: {made.count:,} stamps of {made.side} px ({made.size:.4g}″) in {bands}",
        *made.notes,
    ]
    return {
        "project": made.path,
        "bands": list(made.bands),
        "sources": made.count,
        "stamp_side": made.side,
        "pixel_scale": made.pixel_scale,
        "skipped": [{"stamp": name, "reason": reason} for name, reason in made.skipped],
        "notes": list(made.notes),
        "text": "\n".join(lines),
    }


def detect(options: argparse.Namespace) -> Result:
    from dataclasses import replace

    with opened(options.project) as (project, mosaic):
        changed = {
            "threshold": options.threshold,
            "min_area": options.min_area,
            "tile": options.tile,
            "band": options.detection_band,
        }
        given = {name: value for name, value in changed.items() if value is not None}
        project.detection = replace(project.detection, **given)
        project.save()
        catalog = find_sources(project, mosaic, options.catalog)
        return {
            "sources": len(catalog),
            "fwhm": catalog.fwhm,
            "catalog": project.catalog_file,
            "text": f"{len(catalog):,} sources",
        }


def cosmic_rays(options: argparse.Namespace) -> Result:
    from astrotl_gui.pipeline.cosmic_rays import COLUMN, mark_cosmic_rays

    with opened(options.project) as (project, mosaic):
        catalog = mark_cosmic_rays(mosaic, catalog_of(project), progress=ConsoleProgress())
        project.write_catalog(catalog)
        found = int((catalog.column(COLUMN) > 0.5).sum())
        return {
            "sources": len(catalog),
            "cosmic_rays": found,
            "catalog": project.catalog_file,
            "text": f"{found:,} of {len(catalog):,} sources are cosmic rays to deepCR",
        }


def embed(options: argparse.Namespace) -> Result:
    from astrotl_gui.pipeline.embed import embed

    with opened(options.project) as (project, mosaic):
        _choose_encoder(project, options)
        catalog = catalog_of(project)
        store = embed(
            mosaic,
            catalog,
            project.embeddings_folder,
            project.cutouts,
            project.encoder,
            device=options.device,
            progress=ConsoleProgress(),
        )
        examples = injected(project, mosaic, catalog, device=options.device)
        meta = store.meta()
        return {
            "embedded": len(catalog),
            "dimensions": meta["dimensions"],
            "key": store.key,
            "views": meta["making"]["views"],
            "encoder": meta["making"]["encoder"]["name"],
            **meta["made_with"],
            "injected": {target: len(pairs) for target, pairs in examples.pairs.items()},
            "text": f"{len(catalog):,} sources embedded ({store.key})",
        }


def _choose_encoder(project: Any, options: argparse.Namespace) -> None:
    """Keep in the project which encoder looks at its cutouts, and how, where the options say so."""
    from dataclasses import replace

    from astrotl_gui.ml.encoder_choice import checked

    names = ("encoder", "layers", "views", "zooms", "recipe")
    given = {name: value for name in names if (value := getattr(options, name)) is not None}
    if given.get("encoder", project.encoder.encoder) != project.encoder.encoder:
        given["model"] = 0  # a version belongs to the network that it was tuned from
    chosen = checked(replace(project.encoder, **given))
    if chosen != project.encoder:
        project.encoder = chosen
        project.save()


def encoders(options: argparse.Namespace) -> Result:
    from astrotl_gui.core.recent import encoder_users
    from astrotl_gui.ml.encoders import cards, remove

    if options.add:
        from astrotl_gui.pipeline.encoders import add_encoder

        made = add_encoder(
            options.add,
            options.weights,
            called=options.called,
            input=options.input,
            mean=options.mean,
            std=options.std,
            progress=ConsoleProgress(),
        )
        return {
            "added": made.to_dict(),
            "text": f"{made.name} added. Use it: astrotl embed PROJECT --encoder {made.name}",
        }
    if options.weights or options.called:
        raise AstroTLError("Which encoder is it", "Give its architecture: --add NAME --weights FILE.")
    if options.remove:
        remove(options.remove)
        return {"removed": options.remove, "text": f"{options.remove} removed"}
    users = encoder_users()
    rows = [known.to_dict() | {"projects": users.get(known.name, [])} for known in cards()]
    shown = ("name", "dimensions", "input", "megabytes", "licence", "source")
    return {
        "rows": rows,
        "text": lines([row | {"megabytes": f"{row['size'] / 1e6:.0f}"} for row in rows], shown),
    }


def simulate(options: argparse.Namespace) -> Result:
    from astrotl_gui.pipeline.simulate import Recipe, simulate

    width, height = options.size
    recipe = Recipe(
        seed=options.seed,
        width=width,
        height=height,
        camera=options.camera,
        bands=tuple(name for name in options.bands.split(",") if name),
        depths=dict(options.depth),
        projection=options.projection,
        star_density=options.stars,
        rare=options.rare,
        artifacts=options.artifacts,
        epochs=options.epochs,
        epoch_band=options.epoch_band,
    )
    made = simulate(options.out, recipe, workers=options.workers, progress=ConsoleProgress())
    listed = made.counts()
    return {
        "folder": options.out,
        "images": {band: str(path) for band, path in made.images.items()},
        "epochs": list(made.epochs),
        "truth": made.truth,
        "mask_bits": made.mask_bits,
        "classes": listed,
        "text": f"{options.out}: {width} × {height} px in {', '.join(made.images)}; "
        + ", ".join(f"{count:,} {name}" for name, count in listed.items()),
    }
