"""Rays through an elliptical power-law lens with external shear, and the Sérsic source they end on.

Traced by caustics (Stone et al. 2024). The power law (Tessore & Metcalf 2015) is the singular isothermal ellipsoid
at slope 1; real lenses scatter about it by 0.16 (Auger et al. 2010). Lengths in arcsec, angles in rad from +x.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from importlib.util import find_spec
from math import cos, exp, gamma, hypot, pi, sin, sqrt
from typing import Any

import numpy as np
from numpy.typing import NDArray

from astrotl_gui.core.errors import AstroTLError

Floats = NDArray[np.floating]

SERIES = 8
"""Terms of the deflection's series: what is left out is below 1e-4 of it at axis ratios above 0.5."""


@dataclass(frozen=True)
class Mass:
    """An elliptical power law at the origin, κ ∝ r^−slope, axis ratio q, and shear of strength `shear`."""

    einstein_radius: float
    q: float
    angle: float
    slope: float = 1.0
    shear: float = 0.0
    shear_angle: float = 0.0


@dataclass(frozen=True)
class Source:
    """A Sérsic profile in the source plane; r50 is the geometric mean of the half-light ellipse's semi-axes."""

    x: float
    y: float
    r50: float
    index: float = 1.0
    q: float = 1.0
    angle: float = 0.0

    @property
    def offset(self) -> float:
        """Distance from the lens' axis."""
        return hypot(self.x, self.y)


def can_trace() -> bool:
    """Whether the ray-tracing library is here; looking does not import it."""
    return find_spec("caustics") is not None


def trace(mass: Mass, x: Floats, y: Floats) -> tuple[Floats, Floats]:
    """The lens equation β = θ − α(θ): where rays that arrive at (x, y) come from.

    Raises AstroTLError where the ray-tracing library is not installed.
    """
    with _quiet():
        import torch

        # At the very centre the direction of the deflection is undefined.
        rays = [torch.from_numpy(np.asarray(part + 1e-6, np.float32)) for part in (x, y)]
        bx, by = _plane(mass).raytrace(*rays)
        return bx.numpy(), by.numpy()


def brightness(source: Source, x: Floats, y: Floats) -> Floats:
    """Surface brightness per arcsec² of a source of unit flux at source-plane positions."""
    with _quiet():
        import torch
        from caustics import Sersic
        from caustics.light.func import k_sersic

        n, k = source.index, float(k_sersic(source.index))
        total = 2 * pi * n * source.r50**2 * exp(k) * k ** (-2 * n) * gamma(2 * n)
        light = Sersic(
            name="light", x0=source.x, y0=source.y, q=source.q, phi=source.angle, n=n,
            Re=source.r50 / sqrt(source.q), Ie=1 / total,
        )  # fmt: skip
        light.to(dtype=torch.float32)
        rays = [torch.from_numpy(np.asarray(part, np.float32)) for part in (x, y)]
        return np.asarray(light.brightness(*rays).numpy())


def _plane(mass: Mass) -> Any:
    import torch
    from caustics import EPL, ExternalShear, FlatLambdaCDM, SinglePlane

    cosmology = FlatLambdaCDM(name="cosmology")  # of no consequence where angles are given
    galaxy = EPL(
        cosmology=cosmology, name="galaxy", x0=0.0, y0=0.0, q=mass.q, phi=mass.angle, Rein=mass.einstein_radius,
        t=mass.slope, n_iter=SERIES, chunk_size=1,
    )  # fmt: skip
    outside = ExternalShear(
        cosmology=cosmology, name="outside", x0=0.0, y0=0.0,
        gamma_1=mass.shear * cos(2 * mass.shear_angle), gamma_2=mass.shear * sin(2 * mass.shear_angle),
    )  # fmt: skip
    plane = SinglePlane(cosmology=cosmology, lenses=[galaxy, outside], name="plane", z_l=0.5, z_s=1.5)
    plane.to(dtype=torch.float32)
    return plane


class _quiet(warnings.catch_warnings):
    """What caustics asks of numpy and torch is theirs to mend; that it is missing is the user's."""

    def __enter__(self) -> None:
        if not can_trace():
            raise AstroTLError(
                "Rays cannot be traced", "caustics is not installed. Install AstroTL with its extra: inject."
            )
        super().__enter__()
        warnings.simplefilter("ignore")
