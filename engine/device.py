"""Which device computes, how many threads, and how a seed becomes random numbers."""

from __future__ import annotations

import os
from typing import Any

import numpy as np


def limit_threads() -> int:
    """Set the thread count of BLAS and OpenMP to cores - 1; call before numpy is first imported.

    What a person has set in the environment is left alone. Returns the budget.
    """
    budget = max(1, (os.cpu_count() or 2) - 1)
    for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
        os.environ.setdefault(name, str(budget))
    return budget


def rng(seed: int) -> np.random.Generator:
    """The generator that a fit draws from; the only source of randomness in a method."""
    return np.random.default_rng(seed)


def torch_rng(source: np.random.Generator) -> Any:
    """A torch generator of its own, on the processor, seeded from another source."""
    import torch

    found = torch.Generator()
    found.manual_seed(int(source.integers(2**62)))
    return found


def choose(wanted: str = "auto") -> str:
    """Resolve "auto", "cpu", "cuda" or "mps" to a device that is present.

    Raises
    ------
    ValueError
        When the wanted device is not present.
    """
    if wanted == "cpu":
        return "cpu"
    present = available()
    if wanted == "auto":
        return present[0]
    if wanted not in present:
        raise ValueError(
            f"Device '{wanted}' is not available here; choose one of: {', '.join(present)}."
        )
    return wanted


def available() -> tuple[str, ...]:
    """Devices that torch can use, fastest first. Imports torch."""
    import torch

    found = []
    if torch.cuda.is_available():
        found.append("cuda")
    if torch.backends.mps.is_available():
        found.append("mps")
    return (*found, "cpu")


def single_thread() -> None:
    """Compute on one thread from here on: for a training that is to repeat to the bit."""
    import torch

    torch.set_num_threads(1)


def warm_up() -> str:
    """Import torch and its optimisers (a second import as long as the first); returns the device.

    Meant for the fit worker, once, after the window is painted.
    """
    import torch

    torch.set_num_threads(limit_threads())
    weight = torch.zeros(1, requires_grad=True)
    optimiser = torch.optim.Adam([weight], lr=1e-3)
    weight.square().sum().backward()  # type: ignore[no-untyped-call]
    optimiser.step()
    device = available()[0]
    if device != "cpu":
        torch.zeros(1, device=device)
    return device
