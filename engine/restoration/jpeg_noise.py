"""The noise that a picture had before it was saved as JPEG, from what became of its coefficients.

A JPEG sets the small coefficients of its cosine transform to zero, and with them the finest detail
in which noise is otherwise heard (`noise`). What it keeps says how large they were: of a normal
coefficient of variance v a step q makes the multiple m with probability

    P(m) = Phi((m + 1/2) q / sqrt(v)) - Phi((m - 1/2) q / sqrt(v)) ,
    v = s^2 + a^2 (i^2 + j^2)^(-3/2)

where i and j count half waves down and across a block. White noise of standard deviation s gives
every coefficient s^2; what texture adds falls off with frequency, about so. Both s and a are those
of largest likelihood in the tenth of the blocks that is flattest by its lowest frequencies. The
likelihood takes the other frequencies, which for white noise know nothing of this choice. Very few
coefficients may be anything: more, and they explain the few that small noise leaves after a coarse
JPEG.

Where a picture is nearly black or white its noise was cut off, so that blocks whose mean is nearer
to either than 1.5 s are passed over where there are others; that needs s, and is done in a few
rounds. Luminance alone is looked at: colours are saved more coarsely. The noise is taken to be the
same in every channel, and independent.

What this cannot know. Texture as fine as noise that fills even the flattest blocks (fur, grass)
counts as noise in part. Noise whose every coefficient became zero says nothing but that it was
small: it is given as none. Noise that came in after the JPEG hides that there was one
(`jpeg_quality`).

Ours; the likelihood is that of grouped normal data.
"""

from __future__ import annotations

import numpy as np
from scipy import optimize, special

from engine.layers import Array
from engine.restoration import jpeg_blocks
from engine.restoration.jpeg_blocks import EVIDENCE
from engine.restoration.picture_layers import GREY

SEEN = 1024
"""Side of the part, in the middle, that is looked at."""
DOWN, ACROSS = (axis.ravel() for axis in np.indices((8, 8)))
"""Frequencies (64,), in half waves of a block."""
FLAT = (DOWN + ACROSS >= 1) & (DOWN + ACROSS <= 2)
FINE = DOWN + ACROSS >= 3
FALL = (np.maximum(DOWN**2 + ACROSS**2, 1) ** -1.5)[FINE]
"""Share of a^2 in the variances of `FINE` coefficients."""
SHARE, FEWEST = 0.1, 32
"""Share of the blocks that is taken for flat, and how many at least."""
SPAN = (0.3, 120.0)
"""Levels of luminance between which s is looked for; whoever ends at the lower has none."""
TEXTURES = (0.1, 300.0)
"""And those between which a is."""
RARE = 0.001
"""Share of coefficients that may be anything, likelier the smaller."""
FROM_ENDS = 1.5
"""So many s should lie between the mean of a block and black or white."""
ROUNDS = 3


def sigma_before(values: Array, table: Array) -> float | None:
    """Standard deviation of white noise before the JPEG, in the units of the values.

    `values` are (H, W) or (H, W, 3) with white at 1, `table` (8, 8) the steps of luminance that
    they were saved with. 0 where no noise has left a trace; None where nothing can be said: the
    values are no multiples of these steps, or too few blocks are neither black nor white.
    """
    part = jpeg_blocks.middle(values, SEEN)
    if min(part.shape[:2]) < 16:
        return None
    luminance, cut_off = jpeg_blocks.luminance(part), jpeg_blocks.cut_off(part)
    found = _laid(luminance, cut_off, table)
    if found is None:
        return None
    at, own = found
    coefficients = jpeg_blocks.coefficients(jpeg_blocks.blocks(luminance, at))
    whole = np.logical_not(jpeg_blocks.blocks(cut_off, at).any(axis=(1, 2)))
    # How much of the noise of channels is in luminance: their weighted mean has less of it.
    share = 1.0 if part.ndim == 2 else float(np.sqrt(np.sum(GREY**2)))
    s = _rounds(coefficients, own.ravel(), _from_ends(part, at) * share, whole)
    return None if s is None else s / share / 255


def _laid(luminance: Array, cut_off: Array, table: Array) -> tuple[tuple[int, int], Array] | None:
    """Where the blocks begin, and the table or, of a picture on its side, its transpose; None
    where coefficients are rather any numbers than multiples of steps."""
    best, likely = None, -np.inf
    for start in ((0, 0), None):
        at = jpeg_blocks.emptiest(luminance) if start is None else start
        whole = ~jpeg_blocks.blocks(cut_off, at).any(axis=(1, 2))
        found = jpeg_blocks.coefficients(jpeg_blocks.blocks(luminance, at)[whole])[:, 1:]
        for own in (table, table.T):
            step = np.broadcast_to(np.asarray(own, np.float64).ravel()[1:], found.shape)
            kept = np.abs(found) >= step / 2
            ratio = jpeg_blocks.likelihood_ratio(found[kept], step[kept])
            total = float(np.log(ratio).sum()) if whole.any() else -np.inf
            if total > likely:
                best, likely = (at, own), total
        if likely > EVIDENCE:
            break
    return best if likely >= 0 else None


def _from_ends(part: Array, at: tuple[int, int]) -> Array:
    """How far (n,) from black or white, in levels, blocks are in the mean; of colours, whichever
    of red and green is nearer: 3 % of the variance of luminance is blue's."""
    channels = part[..., None] if part.ndim == 2 else part[..., :2]
    means = np.stack([jpeg_blocks.blocks(channels[..., k], at).mean(axis=(1, 2), dtype=np.float64)
                      for k in range(channels.shape[-1])])  # fmt: skip
    found: Array = 255 * np.minimum(means, 1 - means).min(axis=0)
    return found


def _rounds(coefficients: Array, table: Array, from_ends: Array, whole: Array) -> float | None:
    """The s of luminance, in levels."""
    energy = (coefficients[:, FLAT] ** 2).sum(axis=1)
    multiples = np.abs(np.round(coefficients[:, FINE] / table[FINE])).astype(np.int64)
    s = None
    for _ in range(ROUNDS):
        rows = np.flatnonzero(whole)
        if s is not None:
            enough = np.sort(from_ends)[-min(int(FEWEST / SHARE), len(from_ends) // 2)]
            rows = np.flatnonzero(from_ends >= min(FROM_ENDS * s, enough))
        if len(rows) < FEWEST // 2:
            return s
        count = max(min(FEWEST, len(rows)), int(SHARE * len(rows)))
        flattest = rows[np.argsort(energy[rows], kind="stable")[:count]]
        s = _likeliest(multiples[flattest], table[FINE])
    return s


def _likeliest(multiples: Array, table: Array) -> float:
    """The s under which multiples (n, k) of steps (k,) are likeliest; 0 for less than `SPAN`."""
    if not multiples.any():
        return 0.0
    places = np.broadcast_to(np.arange(len(table)), multiples.shape)
    pairs = np.stack([places.ravel(), multiples.ravel()])
    (place, m), count = np.unique(pairs, axis=1, return_counts=True)
    q, fall, anything = table[place], FALL[place], RARE * np.tanh(0.5) * np.exp(-m)

    def unlikely(logs: Array) -> float:
        s, a = np.exp(logs)
        width = q / np.sqrt(s**2 + a**2 * fall)
        between = special.ndtr((0.5 - m) * width) - special.ndtr((-0.5 - m) * width)
        return -float(count @ np.log((1 - RARE) * between + anything))

    grid = np.array([(s, a) for s in np.log(np.geomspace(*SPAN, 40))
                     for a in np.log(np.geomspace(*TEXTURES, 20))])  # fmt: skip
    start = grid[int(np.argmin([unlikely(logs) for logs in grid]))]
    bounds = [tuple(np.log(SPAN)), tuple(np.log(TEXTURES))]
    found = optimize.minimize(unlikely, start, method="Nelder-Mead", bounds=bounds)
    s = float(np.exp(found.x[0]))
    return s if s > 1.05 * SPAN[0] else 0.0
