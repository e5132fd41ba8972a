"""In words how well a parameter is estimated."""

from __future__ import annotations

import math

from PySide6.QtWidgets import QGridLayout, QWidget

from astrotl_gui.core.estimates import OUTLIER_SCATTERS, Estimates

from .controls import Label


def fit_rows(made: Estimates) -> list[tuple[str, str, str]]:
    """(name, value, what it means) of each measure."""
    fit, unit = made.fit, f" {made.unit}" if made.unit else ""
    spread = "not defined" if math.isnan(fit.r2) else _signed(f"{fit.r2:.3f}")
    return [
        ("RMSE", f"{fit.rmse:.3g}{unit}", "Root of the mean squared error"),
        ("Scatter", f"{fit.scatter:.3g}{unit}", "1.4826 × the median absolute deviation of the errors"),
        ("Bias", f"{_signed(f'{fit.bias:+.2g}')}{unit}", "Mean of estimate − given value"),
        ("Outliers", f"{100 * fit.outliers:.1f} %", f"Farther off than {OUTLIER_SCATTERS:.0f} scatters"),
        ("R²", spread, "Share of the variance of the given values that the estimates explain"),
        ("68 % intervals hold", f"{100 * fit.held['68']:.1f} %", "Share of given values within ± 1 error"),
        (
            "95 % intervals hold",
            f"{100 * fit.held['95']:.1f} %",
            "Share of given values within the wide interval",
        ),
    ]


def sentence(made: Estimates) -> str:
    """ "logmass of 5,752 sources, learned from 3,835 of them; 41 are unlike any of these." """
    outside, known = int(made.outside.sum()), int(made.known.sum())
    unlike = f"{outside:,} {'is' if outside == 1 else 'are'}" if outside else "none is"
    return (
        f"{made.name} of {len(made):,} sources, learned from {known:,} of them; {unlike} unlike any of these."
    )


def how(made: Estimates) -> str:
    """From what, by which method, and beside what."""
    beside = ", ".join(made.columns) or "nothing else"
    return f"From {made.source}, by the image and {beside}."


def source_text(made: Estimates, source: int) -> str:
    """ "Source 12: given 10.41, estimated 10.7 ± 0.33 with its part of the sky left out." """
    row = int((made.ids == source).argmax())
    given, left_out, error = (float(v[row]) for v in (made.truth, made.left_out, made.sigma))
    return f"Source {source}: given {_signed(f'{given:.4g}')}, estimated {_signed(f'{left_out:.4g}')} ± {error:.2g}"


def _signed(text: str) -> str:
    return text.replace("-", "−")


class FitWords(QWidget):
    """The measures, a line each."""

    def __init__(self) -> None:
        super().__init__()
        self.grid = QGridLayout(self)
        self.grid.setContentsMargins(0, 0, 0, 0)
        self.grid.setHorizontalSpacing(16)
        self.grid.setVerticalSpacing(6)
        self.values: dict[str, Label] = {}

    def show_estimates(self, made: Estimates) -> None:
        for line, (name, value, meaning) in enumerate(fit_rows(made)):
            if name not in self.values:
                said = Label(name, 12, 500, "text2")
                said.setToolTip(meaning)
                self.values[name] = Label("", 12, 600)
                self.grid.addWidget(said, line, 0)
                self.grid.addWidget(self.values[name], line, 1)
            self.values[name].setText(value)
            self.values[name].setToolTip(meaning)
            self.values[name].setAccessibleName(f"{name}: {value}. {meaning}")
