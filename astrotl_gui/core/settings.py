"""Settings: frozen dataclasses, stored as the sparse TOML of what differs from the defaults."""

from __future__ import annotations

import getpass
import tomllib
from dataclasses import asdict, dataclass, field, fields, replace
from pathlib import Path
from typing import Any, TypeVar

import tomli_w
from platformdirs import user_cache_path, user_config_path, user_data_path

from astrotl_gui.core.errors import AstroTLError
from astrotl_gui.core.files import atomic_write

S = TypeVar("S")


@dataclass(frozen=True)
class DetectionSettings:
    """How sources are found; lengths in reference-grid pixels, thresholds in σ of the filtered image."""

    threshold: float = 3.0
    min_area: int = 5
    deblend_levels: int = 32
    deblend_contrast: float = 0.0001  # a faint galaxy beside a bright star is a source
    background_size: int = 64
    background_filter: int = 3
    band: str = ""  # empty: inverse-variance sum of all bands
    filter_fwhm: float = 0.0  # 0: the measured PSF width
    tile: int = 1024


@dataclass(frozen=True)
class CutoutSettings:
    """Angular sizes [arcsec] of what the network and the eye see."""

    size: float = 18.0
    context: float = 54.0


BUILT_IN = "efficientnet-lite0"
"""The encoder that comes with AstroTL."""


@dataclass(frozen=True)
class EncoderSettings:
    """Which network looks at the cutouts, and how; all of it decides the embedding.

    `encoder` names one of the encoders on this computer. `layers`: "last", the pooled last
    feature map, and the numbers of stages (from 0) whose pooled maps are concatenated, as "2,3c,last"
    (see `ml.encoder_choice.Layer`); "auto" takes three depths that suit the network. `views`: 1; 8, the mean over turns
    and reflections (D4); 0 decides by the time it would take. `zooms`: cutout sizes whose embeddings are
    concatenated, in units of `CutoutSettings.size`. `recipe`: "asinh", or "ulisse" as published (Doorenbos et
    al. 2022). `model`: the version of a tuned network of this project, 0 as shipped; `models`: the folder they are in,
    which is not stored.
    """

    encoder: str = BUILT_IN
    layers: str = "auto"
    views: int = 0
    zooms: tuple[float, ...] = (1.0,)
    recipe: str = "asinh"
    model: int = 0
    models: str = field(default="", compare=False)


@dataclass(frozen=True)
class TuningSettings:
    """How an encoder is tuned on labels, and how the gate judges it.

    `folds` of the labels; `epochs` passes over them; learning `rate` of the network and `head_rate` of the head on
    top of it; `batch` cutouts a step, a third each yes, no and unlabelled. `unlabelled`: how many random sources teach
    (as weak negatives, with `weak_weight`), and as many again judge. `turns`: noisy versions of each that teaches.
    """

    folds: int = 5
    epochs: int = 8
    rate: float = 2e-4
    head_rate: float = 1e-3
    batch: int = 48
    unlabelled: int = 300
    weak_weight: float = 0.3
    turns: int = 4
    seed: int = 1


OUTLIER_METHODS = {
    "combined": "Combined",
    "mahalanobis": "Mahalanobis distance",
    "knn": "Nearest neighbours",
    "pca": "PCA residual",
    "lof": "Local outlier factor",
    "forest": "Isolation forest",
    "kmeans": "k-means distance",
    "novelty": "Novelty",
    "autoencoder": "Autoencoder",
    "pictures": "Autoencoder of cutouts",
}
"""What can order the outlier list before any label, and how it is called."""


@dataclass(frozen=True)
class OutlierSettings:
    """The outlier list: the method (a key of OUTLIER_METHODS) that orders it before any label, and what it hides."""

    method: str = "combined"
    hide_artifacts: bool = True


STRATEGIES = {
    "top": "Top of the list",
    "explore": "Top, and some at random",
    "uncertain": "Most uncertain",
    "diverse": "Diverse",
    "random": "At random",
}
"""What can be labelled next, and how it is called."""


@dataclass(frozen=True)
class QueueSettings:
    """What to label next: a key of STRATEGIES; `explore` is the share drawn at random where some are."""

    strategy: str = "top"
    explore: float = 0.2


ARTIFACT_KINDS = {
    "cosmic-ray": "Cosmic rays",
    "bad-column": "Bad columns",
    "trail": "Trails",
    "bleed": "Bleeds",
    "spikes": "Diffraction spikes",
    "ghost": "Ghosts",
    "chip-edge": "Chip edges",
}
"""Kinds of artifacts that are injected, and how they are called."""


@dataclass(frozen=True)
class InjectionSettings:
    """What is drawn into the user's own cutouts so that lists have an order before any label.

    `pairs` of each target; 0: a hundred, fewer in small fields. Ranges are (least, most); an empty one follows from
    seeing and depth of the mosaic. `einstein_radius` [arcsec]; `source_magnitude` [AB, in the reference band] and
    `source_colour` [mag, shortest minus longest band] of the unlensed source; `nucleus_ratio`: flux of an active
    nucleus in units of its host's, `nucleus_colour` as above.
    `artifact_kinds`: keys of ARTIFACT_KINDS, none for all; `artifact_strength`: brightness in units of the noise.
    """

    pairs: int = 0
    einstein_radius: tuple[float, ...] = ()
    source_magnitude: tuple[float, ...] = ()
    source_colour: tuple[float, ...] = ()
    nucleus_ratio: tuple[float, ...] = ()
    nucleus_colour: tuple[float, ...] = ()
    artifact_kinds: tuple[str, ...] = ()
    artifact_strength: tuple[float, ...] = ()
    seed: int = 1


EPOCH_RULES = {
    "default": "Learned score, missing pixels and epochs that are off as a whole",
    "published": "Distance to the nearest other epoch",
    "learned": "Learned score",
    "flux": "Clipped flux",
}
"""What can flag an epoch, and how it is called."""


@dataclass(frozen=True)
class EpochSettings:
    """How a series of epochs is measured and judged.

    `band` of the series; `aperture` radius [arcsec], 0: by the seeing; `align`: positions follow the measured shift
    of each epoch; `rule`: a key of EPOCH_RULES.
    """

    band: str = ""
    aperture: float = 0.0
    align: bool = True
    rule: str = "default"


def default_cutouts(pixel_scale: float) -> CutoutSettings:
    """Cutout sizes that suit a pixel scale [arcsec/px]: ground-based 18–30″, space 3–10″."""
    for limit, size in ((0.04, 3.0), (0.08, 4.0), (0.15, 10.0), (0.5, 18.0), (2.0, 30.0)):
        if pixel_scale < limit:
            return CutoutSettings(size=size, context=3 * size)
    return CutoutSettings(size=25 * pixel_scale, context=75 * pixel_scale)


def _vetter() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError):
        return "vetter"


@dataclass(frozen=True)
class AppSettings:
    """What belongs to the person, not to a project."""

    theme: str = "dark"  # dark, light, system
    text_size: int = 100  # per cent
    reduce_motion: bool = False
    vetter: str = field(default_factory=_vetter)
    device: str = "auto"

    @classmethod
    def load(cls, path: Path | None = None) -> AppSettings:
        """Read `path` (the user's settings file by default); a missing file means the defaults."""
        path = path or settings_file()
        if not path.exists():
            return cls()
        try:
            values = tomllib.loads(path.read_text(encoding="utf-8"))
        except (tomllib.TOMLDecodeError, UnicodeDecodeError, OSError) as problem:
            raise AstroTLError(
                "The settings cannot be read", f"{path}: {problem}. Mend or delete the file."
            ) from problem
        return from_sparse(cls, values)

    def save(self, path: Path | None = None) -> None:
        """Write what differs from the defaults; raises AstroTLError when it cannot be written."""
        with atomic_write(path or settings_file()) as temporary:
            temporary.write_text(tomli_w.dumps(to_sparse(self)), encoding="utf-8")


def to_sparse(settings: Any) -> dict[str, Any]:
    """The fields of a settings dataclass that differ from its defaults."""
    defaults = asdict(type(settings)())
    return {name: value for name, value in asdict(settings).items() if value != defaults[name]}


def from_sparse(kind: type[S], values: dict[str, Any]) -> S:
    """A settings dataclass from stored values; unknown keys are ignored (a newer version wrote them)."""
    defaults = kind()
    known = {f.name for f in fields(kind)}  # type: ignore[arg-type]
    kept = {name: type(getattr(defaults, name))(value) for name, value in values.items() if name in known}
    return replace(defaults, **kept)  # type: ignore[type-var]


def settings_file() -> Path:
    return user_config_path("astrotl") / "settings.toml"


def cache_folder() -> Path:
    """Unpacked images, tile pyramids and the demo sky: everything here can be deleted."""
    return user_cache_path("astrotl")


def data_folder() -> Path:
    """The list of recent projects, the demo project, and encoders that were added."""
    return user_data_path("astrotl")
