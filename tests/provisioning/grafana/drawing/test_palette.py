"""Few colours look like many."""

import numpy as np
from PIL import Image

from tests.provisioning.grafana.drawing.palette import COLOURS, in_few_colours
from tests.provisioning.grafana.drawing.theme import PANEL


def test_frequent_colours_stay_as_they_are_and_rare_ones_nearly_so():
    noise = np.random.default_rng(7).integers(0, 256, (40, 60, 3), np.uint8)
    image = Image.new("RGB", (60, 100), PANEL)
    image.paste(Image.fromarray(noise), (0, 60))
    small = in_few_colours(image)
    assert small.mode == "P"
    seen = np.asarray(small.convert("RGB")).astype(int)
    assert len(np.unique(seen.reshape(-1, 3), axis=0)) <= COLOURS
    assert (seen[:60] == np.asarray(image)[:60]).all()
    assert np.abs(seen[60:] - noise).mean() < 20


def test_a_picture_of_one_colour_is_that_colour():
    small = in_few_colours(Image.new("RGB", (3, 2), PANEL))
    assert small.convert("RGB").getcolors() == [(6, (0x18, 0x1B, 0x1F))]
