"""A choice of encoder is checked before anything is loaded, and kept in one form."""

from __future__ import annotations

from dataclasses import replace

import pytest

from astrotl_gui.core.errors import AstroTLError
from astrotl_gui.core.quantities import kernel_name
from astrotl_gui.core.settings import EncoderSettings
from astrotl_gui.ml.encoder_choice import FINAL, Layer, checked, parse_layers
from astrotl_gui.ml.encoders import card


def test_one_form_for_each_choice() -> None:
    assert checked(EncoderSettings()) == EncoderSettings()
    chosen = checked(EncoderSettings(layers=" 4, 2", views=8, zooms=(2.0, 1.0), recipe="ulisse"))
    assert chosen == EncoderSettings(layers="2,4", views=8, zooms=(1.0, 2.0), recipe="ulisse")
    assert checked(EncoderSettings(layers="LAST")).layers == "last"
    assert checked(EncoderSettings(layers="last, 3C,2")).layers == "2,3c,last"
    assert parse_layers("last", card()) == (FINAL,) and parse_layers("3,0", card()) == (Layer(0), Layer(3))
    assert parse_layers("auto", card()) == parse_layers("2,2s,3c,3m,last", card())
    assert parse_layers("auto", replace(card(), stages=0)) == (FINAL,)


def test_every_layer_of_the_default_has_words_of_its_own() -> None:
    words = [kernel_name(str(layer)) for layer in parse_layers("auto", card())]
    assert len(set(words)) == len(words) == 5
    assert all(said.startswith("Network: ") for said in words)


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        (EncoderSettings(encoder="dinov9"), "not on this computer"),
        (EncoderSettings(layers="5"), "stages 0 to 4"),
        (EncoderSettings(layers="deep"), "stages 0 to 4"),
        (EncoderSettings(views=4), "Views are 1 or 8"),
        (EncoderSettings(zooms=()), "zooms"),
        (EncoderSettings(zooms=(1.0, 1.0)), "zooms"),
        (EncoderSettings(zooms=(0.0, 1.0)), "zooms"),
        (EncoderSettings(zooms=(float("nan"),)), "zooms"),
        (EncoderSettings(recipe="linear"), "recipe"),
    ],
)
def test_what_cannot_be_is_refused(settings: EncoderSettings, says: str) -> None:
    with pytest.raises(AstroTLError, match=says):
        checked(settings)
