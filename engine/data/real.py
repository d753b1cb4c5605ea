"""Measured data that scikit-learn carries."""

from __future__ import annotations

import numpy as np

from engine.data.table import Table


def digits(*, name: str, spec: str) -> Table:
    """1797 handwritten digits of 8 x 8 pixels (0 to 16)."""
    from sklearn.datasets import load_digits

    found = load_digits()
    columns = tuple(f"pixel {row},{column}" for row in range(8) for column in range(8))
    return Table(
        name=name,
        spec=spec,
        values=found.data,
        columns=columns,
        labels={"digit": found.target.astype(np.int64)},
        label="digit",
    )


def iris(*, name: str, spec: str) -> Table:
    """Fisher's 150 flowers, lengths in centimetres."""
    from sklearn.datasets import load_iris

    found = load_iris()
    columns = tuple(text.removesuffix(" (cm)") for text in found.feature_names)
    return Table(
        name=name,
        spec=spec,
        values=found.data,
        columns=columns,
        units=("cm",) * 4,
        labels={"species": found.target_names[found.target].astype(str)},
        label="species",
    )


def wine(*, name: str, spec: str, standardise: int) -> Table:
    """178 wines, thirteen measurements of very different size: standardised unless asked not to."""
    from sklearn.datasets import load_wine

    found = load_wine()
    values = found.data
    remarks: tuple[str, ...] = ()
    if standardise:
        values = (values - values.mean(axis=0)) / values.std(axis=0)
        remarks = ("Each measurement is divided by its standard deviation.",)
    return Table(
        name=name,
        spec=spec,
        values=values,
        columns=tuple(text.replace("_", " ") for text in found.feature_names),
        labels={"grower": found.target.astype(np.int64)},
        label="grower",
        remarks=remarks,
    )
