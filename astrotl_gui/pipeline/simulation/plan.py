"""From a recipe to the observations it asks for."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from astrotl_gui.core.errors import AstroTLError
from astrotl_gui.pipeline.simulate import Recipe, SimulatedField
from astrotl_gui.pipeline.simulation import epochs
from astrotl_gui.pipeline.simulation.astrometry import PROJECTIONS
from astrotl_gui.pipeline.simulation.camera import CAMERAS, DEFAULT_BANDS, Camera
from astrotl_gui.pipeline.simulation.epochs import Visit
from astrotl_gui.pipeline.simulation.observation import Observation
from astrotl_gui.pipeline.simulation.scene import Densities


@dataclass(frozen=True)
class Plan:
    """A recipe with its camera and its visits."""

    recipe: Recipe
    camera: Camera
    visits: tuple[Visit, ...]
    epoch_band: str

    @classmethod
    def of(cls, recipe: Recipe) -> Plan:
        """Raises AstroTLError for a camera, band or projection that does not exist."""
        if recipe.camera not in CAMERAS:
            raise AstroTLError(
                "No such camera", f"There is no {recipe.camera}; there are {', '.join(CAMERAS)}."
            )
        if recipe.projection not in PROJECTIONS:
            raise AstroTLError("No such projection", f"Choose one of {', '.join(PROJECTIONS)}.")
        camera = CAMERAS[recipe.camera].with_bands(recipe.bands or DEFAULT_BANDS[recipe.camera])
        for name in filter(None, (*recipe.depths, recipe.epoch_band)):
            if name not in camera.names:
                raise AstroTLError(
                    "No such band", f"{name} is not simulated; the bands are {', '.join(camera.names)}."
                )
        camera = camera.with_depths(recipe.depths)
        visits = epochs.plan(recipe.seed, recipe.epochs)
        return cls(recipe, camera, tuple(visits), recipe.epoch_band or camera.names[-1])

    @property
    def shape(self) -> tuple[int, int]:
        """(ny, nx) px."""
        return self.recipe.height, self.recipe.width

    def field(self, folder: Path) -> SimulatedField:
        """The names of all files in `folder`."""
        return SimulatedField.at(folder, self.camera.names, len(self.visits), self.epoch_band)

    def observation(self, visit: int | None = None) -> Observation:
        """The deep image in all bands, or one visit in the band of the epochs."""
        recipe = self.recipe
        densities = Densities(recipe.star_density, recipe.rare, recipe.artifacts)
        deep = Observation(recipe.seed, self.shape, self.camera, recipe.projection, densities=densities)
        if visit is None:
            return deep
        return epochs.observe(deep, self.epoch_band, self.visits[visit], len(self.visits))
