"""Why a candidate is where it is: explanations at once, maps of its cutout by a job, kept while the lists are."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Signal

from astrotl_gui.gui.jobs import Job
from astrotl_gui.gui.session_labels import SessionLabels
from astrotl_gui.gui.session_state import later

if TYPE_CHECKING:
    from astrotl_gui.pipeline.explain import Explanation
    from astrotl_gui.pipeline.occlusion import Occluded, OcclusionMap
    from astrotl_gui.pipeline.rank import RankInputs


class SessionWhy(SessionLabels):
    """Explains sources by the labels of the current target."""

    mapped = Signal()
    """A map of a cutout has been begun, gone on, or ended."""

    def _forget(self) -> None:
        super()._forget()
        self.mapping: Job | None = None
        self._mapping_source: int | None = None
        self._occluded: dict[int, Occluded] = {}
        self._occluded_of: RankInputs | None = None

    def explain(self, source: int) -> Explanation | None:
        """What put the source at its rank; None while it is in no list."""
        if self.inputs is None or self.mosaic is None or source not in self.inputs.rows:
            return None
        bands = [band.name for band in self.mosaic.bands]
        explained: Explanation = later("explain", "explain")(
            self.inputs, self.target, self._training(), source, bands
        )
        return explained

    def occlusion(self, source: int) -> OcclusionMap | None:
        """The map of its cutout by the labels of now; None before `map_cutout` and before any label."""
        if source not in self._hidden():
            return None
        made: OcclusionMap | None = later("occlusion", "importance")(
            self.inputs, self.target, self._training(), source, self._occluded[source]
        )
        return made

    def is_mapping(self, source: int) -> bool:
        return self.mapping is not None and self._mapping_source == source

    def map_cutout(self, source: int) -> None:
        """Find out where in its cutout the score of a source comes from; one at a time."""
        project, inputs = self.project, self.inputs
        if project is None or inputs is None or source in self._hidden() or self.is_mapping(source):
            return
        self.stop_mapping()
        job = self._run(
            "Mapping the cutout",
            later("occlusion", "occlude"),
            self.mosaic,
            self.catalog,
            project.embeddings_folder,
            inputs.key,
            project.cutouts,
            project.encoder,
            source,
            device=self.settings.device,
            then=lambda made: self._keep_hidden(inputs, source, made),
        )
        self.mapping, self._mapping_source = job, source
        job.progressed.connect(self.mapped)
        job.finished.connect(self._mapping_ended)
        self.mapped.emit()

    def stop_mapping(self) -> None:
        if self.mapping is not None:
            self.mapping.cancel()

    def _mapping_ended(self) -> None:
        if self.sender() is self.mapping:
            self.mapping = self._mapping_source = None
            self.mapped.emit()

    def _keep_hidden(self, inputs: RankInputs, source: int, made: Occluded) -> None:
        if inputs is self.inputs:
            self._hidden()[source] = made

    def _hidden(self) -> dict[int, Occluded]:
        """What was embedded of hidden cutouts; other embeddings or sources make it worthless."""
        if self._occluded_of is not self.inputs:
            self._occluded_of, self._occluded = self.inputs, {}
        return self._occluded

    def _training(self) -> dict[int, int]:
        assert self.project is not None
        return self.project.labels.training(self.target, self.settings.vetter)
