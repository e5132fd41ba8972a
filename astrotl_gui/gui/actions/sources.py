"""What the networks do with the sources."""

from __future__ import annotations

from .. import page_verbs, project_verbs
from .action import Action, in_project, with_sources

SOURCES = (
    Action("sources.detect", "Sources", "Detect sources", "Find the sources in the mosaic", (),
           lambda w: w.session.detect(), in_project),
    Action("sources.catalog", "Sources", "Take a catalog…", "Use your own catalog’s sources", (),
           lambda w: project_verbs.take_catalog(w), in_project),
    Action("sources.cosmic-rays", "Sources", "Find cosmic rays", "Let deepCR mark them for the artifact list", (),
           lambda w: w.session.find_cosmic_rays(), with_sources),
    Action("sources.embed", "Sources", "Embed sources", "Let the network look at each source", (),
           lambda w: w.session.embed(), with_sources),
    Action("sources.encoders", "Sources", "Encoders…", "Choose the network that looks, add or remove one",
           ("Ctrl+L",), lambda w: project_verbs.show_encoders(w), page="Find and do", row="Encoders"),
    Action("sources.injected", "Sources", "Injected examples…",
           "Lenses, nuclei and artifacts drawn into your own cutouts, from which the lists learn", (),
           lambda w: project_verbs.show_injected(w), with_sources),
    Action("sources.epochs", "Sources", "Load epochs…", "Images of this field from other dates: light curves and flags",
           (), lambda w: page_verbs.load_epochs(w), in_project),
    Action("sources.measure-epochs", "Sources", "Measure epochs", "Measure and judge every source in every epoch", (),
           lambda w: w.session.epochs.measure(),
           lambda w: in_project(w) and w.session.epochs.series is not None and not w.session.epochs.measuring),
    Action("sources.parameters", "Sources", "Estimate parameters…",
           "Masses, rates, redshifts of all sources, learned from those that are known", ("Ctrl+Shift+M",),
           lambda w: project_verbs.show_parameters(w), with_sources, "Find and do", "Estimate parameters"),
    Action("sources.rank", "Sources", "Rank again", "Order the lists from the labels", ("Ctrl+R",),
           lambda w: page_verbs.rank_again(w), with_sources, "Find and do"),
    Action("sources.audit", "Sources", "Audit…", "Prove how much of the list is found, by a random sample",
           ("Ctrl+Shift+A",), lambda w: w.show_page("train"), with_sources),
    Action("models.fine-tune", "Sources", "Fine-tune", "Tune the network on this list’s labels, if that ranks better",
           ("Ctrl+T",), lambda w: w.session.fine_tune(), with_sources),
    Action("sources.evaluate", "Sources", "Evaluate the ranking…", "How soon it finds what you are after",
           (), lambda w: project_verbs.show_evaluation(w)),
    Action("sources.jobs", "Sources", "Jobs", "What is running now", ("Ctrl+J",),
           lambda w: w.status.chip.show_menu(), in_project),
)  # fmt: skip
