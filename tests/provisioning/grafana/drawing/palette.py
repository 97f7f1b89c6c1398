"""Pictures in few colours, which makes files a third as large."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PIL import Image

COLOURS, EXACT = 256, 64
RED_GREEN_BLUE = np.array([1 << 16, 1 << 8, 1])


def in_few_colours(image: Image.Image) -> Image.Image:
    """The picture with its most frequent colours as they are, others nearly so."""
    pixels = np.asarray(image.convert("RGB")) @ RED_GREEN_BLUE
    found, places, counts = np.unique(pixels, return_inverse=True, return_counts=True)
    order = np.argsort(-counts)
    colours = found[:, np.newaxis] // RED_GREEN_BLUE % 256
    kept = colours[order[:EXACT]]
    others = _near(colours[order[EXACT:]], counts[order[EXACT:]])
    palette = np.concatenate([kept, others])
    # Pillow's own search for the nearest is not exact.
    off = ((colours[:, np.newaxis] - palette) ** 2).sum(axis=-1)
    nearest = off.argmin(axis=1).astype(np.uint8)
    small = Image.fromarray(nearest[places].reshape(pixels.shape), "P")
    small.putpalette(palette.ravel().tolist())
    return small


def _near(colours: NDArray[np.int64], counts: NDArray[np.int64]) -> NDArray[np.int64]:
    """Some colours that stand for many.

    The rare ones count too: a severity may be no more than a thin line.
    """
    if not len(colours):
        return colours
    weights = 1 + np.log2(counts).astype(int)
    pixels = np.repeat(colours, weights, axis=0).astype(np.uint8)[np.newaxis]
    found = Image.fromarray(pixels).quantize(COLOURS - EXACT, kmeans=1).getpalette()
    return np.array(found).reshape(-1, 3)
