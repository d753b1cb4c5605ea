"""Which methods there are: a table of names, read without importing any of them.

Other distributions join through the entry-point group "fieldwright.methods": each entry point's
name is the method's id and its object a `Card`.
"""

from __future__ import annotations

import functools
import importlib
import importlib.util
from dataclasses import dataclass
from importlib.metadata import entry_points
from typing import Any

from engine.method import Method


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """A method's place in the catalogue.

    `target` is "module:Class"; `data` names the kind of data that it takes; `needs` maps the import
    name of an optional library to the extra that installs it; `peer` marks what a person would use
    otherwise.
    """

    id: str
    title: str
    target: str
    summary: str
    paper: str
    data: str = "Table"
    needs: tuple[tuple[str, str], ...] = ()
    peer: bool = False

    @property
    def family(self) -> str:
        return self.id.partition(".")[0]

    def accepts(self, data: Any) -> bool:
        """Whether the method takes data of this kind, known without importing the method."""
        return type(data).__name__ == self.data

    def load(self) -> type[Method]:
        """Import the class. Raises `Unavailable` when an optional library is missing."""
        if reason := self.missing():
            raise Unavailable(reason)
        module, _, name = self.target.partition(":")
        found: type[Method] = getattr(importlib.import_module(module), name)
        return found

    def missing(self) -> str:
        """Why the method cannot run here, in one sentence, or ""."""
        for library, extra in self.needs:
            if importlib.util.find_spec(library) is None:
                return (
                    f"{self.title} needs the library '{library}': "
                    f"pip install 'fieldwright[{extra}]'."
                )
        return ""


class Unavailable(RuntimeError):
    """A method whose optional library is not installed."""


FAMILIES: dict[str, str] = {
    "embedding": "Embeddings",
    "vectorfield": "Vector fields",
    "pde": "Equations",
    "restoration": "Restoration",
}
"""Family id to the title on the family bar, in its order."""

_METHODS: tuple[Card, ...] = (
    Card(
        id="embedding.heat_geodesic",
        title="Heat geodesic",
        target="engine.embedding.heat_geodesic:HeatGeodesic",
        summary="Geodesic distances read off heat diffusion on a graph, laid out in 2-D or 3-D.",
        paper="A Heat Diffusion Perspective on Geodesic Preserving Dimensionality Reduction, "
        "arXiv 2305.19043",
    ),
    Card(
        id="embedding.phate",
        title="PHATE",
        target="engine.embedding.phate:Phate",
        summary="Potential distances of a diffusion, laid out in 2-D or 3-D.",
        paper="Moon et al., Visualizing structure and transitions in high-dimensional biological "
        "data, Nature Biotechnology 37 (2019)",
    ),
    Card(
        id="embedding.diffusion_map",
        title="Diffusion map",
        target="engine.embedding.diffusion_map:DiffusionMap",
        summary="Leading eigenvectors of a random walk on the data, scaled by diffusion time.",
        paper="Coifman and Lafon, Diffusion maps, Applied and Computational Harmonic Analysis 21 "
        "(2006)",
    ),
    Card(
        id="embedding.isomap",
        title="Isomap",
        target="engine.embedding.isomap:Isomap",
        summary="Classical scaling of shortest paths on the neighbour graph.",
        paper="Tenenbaum, de Silva and Langford, A global geometric framework for nonlinear "
        "dimensionality reduction, Science 290 (2000)",
        peer=True,
    ),
    Card(
        id="embedding.tsne",
        title="t-SNE",
        target="engine.embedding.tsne:TSNE",
        summary="Neighbour probabilities matched in the plane; keeps clusters, not distances.",
        paper="van der Maaten and Hinton, Visualizing data using t-SNE, JMLR 9 (2008)",
        peer=True,
    ),
    Card(
        id="embedding.umap",
        title="UMAP",
        target="engine.embedding.umap:UMAP",
        summary="A fuzzy neighbour graph laid out by sampled attraction and repulsion.",
        paper="McInnes, Healy and Melville, UMAP: Uniform manifold approximation and projection, "
        "arXiv 1802.03426",
        needs=(("umap", "umap"),),
        peer=True,
    ),
    Card(
        id="vectorfield.rvgp",
        title="RVGP",
        target="engine.vectorfield.rvgp:RVGP",
        summary="Fills in a vector field along a manifold known by its points, with its spread.",
        paper="Implicit Gaussian process representation of vector fields over arbitrary latent "
        "manifolds, arXiv 2309.16746",
        data="VectorSamples",
    ),
    Card(
        id="vectorfield.ambient_gpr",
        title="Ambient regression",
        target="engine.vectorfield.ambient_gpr:AmbientGPR",
        summary="Fills in each component of a field as a smooth function of space.",
        paper="Rasmussen and Williams, Gaussian Processes for Machine Learning, MIT Press (2006)",
        data="VectorSamples",
        peer=True,
    ),
    Card(
        id="pde.pig",
        title="Physics-Informed Gaussians",
        target="engine.pde.pig:PIG",
        summary="A solution as a sum of bumps that move to where they are needed.",
        paper="PIG: Physics-Informed Gaussians as Adaptive Parametric Mesh Representations, "
        "arXiv 2412.05994",
        data="Problem",
    ),
    Card(
        id="pde.gphm",
        title="GP-HM",
        target="engine.pde.gphm:GPHM",
        summary="A Gaussian process that knows frequencies, for solutions that oscillate fast.",
        paper="Solving High Frequency and Multi-Scale PDEs with Gaussian Processes, "
        "arXiv 2311.04465",
        data="Problem",
    ),
    Card(
        id="pde.rgnp",
        title="Random-grid process",
        target="engine.pde.rgnp:RGNP",
        summary="A family of equations learnt at once: every coefficient is live, and found again "
        "from observations.",
        paper="Random Grid Neural Processes for Parametric Partial Differential Equations, "
        "arXiv 2301.11040",
        data="Problem",
    ),
    Card(
        id="pde.pinn",
        title="Physics-informed network",
        target="engine.pde.pinn:PINN",
        summary="A network trained until the equation holds, with all that is known to help.",
        paper="Wang, Sankaran, Wang and Perdikaris, An Expert's Guide to Training Physics-informed "
        "Neural Networks, arXiv 2308.08468",
        data="Problem",
        peer=True,
    ),
    Card(
        id="restoration.tunable",
        title="Tunable restoration",
        target="engine.restoration.tunable:TunableRestoration",
        summary="Noise, blur and compression out of a photograph by sliders of a network.",
        paper="Tunable Convolutions with Parametric Multi-Loss Optimization, CVPR 2023, "
        "arXiv 2304.00898",
        data="Photograph",
    ),
    Card(
        id="restoration.gaussian",
        title="Gaussian smoothing",
        target="engine.restoration.gaussian:GaussianSmoothing",
        summary="Each pixel becomes a weighted mean of those around it: the simplest way.",
        paper="Gonzalez and Woods, Digital Image Processing, Pearson (2018)",
        data="Photograph",
        peer=True,
    ),
    Card(
        id="restoration.total_variation",
        title="Total variation",
        target="engine.restoration.total_variation:TotalVariation",
        summary="The nearest picture that varies little: flat parts, sharp edges.",
        paper="Rudin, Osher and Fatemi, Nonlinear total variation based noise removal algorithms, "
        "Physica D 60 (1992)",
        data="Photograph",
        peer=True,
    ),
    Card(
        id="restoration.non_local_means",
        title="Non-local means",
        target="engine.restoration.non_local_means:NonLocalMeans",
        summary="A mean of the pixels whose surroundings look alike.",
        paper="Buades, Coll and Morel, A non-local algorithm for image denoising, CVPR (2005)",
        data="Photograph",
        peer=True,
    ),
    Card(
        id="restoration.wavelet",
        title="Wavelet shrinkage",
        target="engine.restoration.wavelet:WaveletShrinkage",
        summary="Small wavelet coefficients are taken for noise.",
        paper="Chang, Yu and Vetterli, Adaptive wavelet thresholding for image denoising and "
        "compression, IEEE Trans. Image Processing 9 (2000)",
        data="Photograph",
        peer=True,
    ),
    Card(
        id="restoration.wiener",
        title="Wiener",
        target="engine.restoration.wiener:Wiener",
        summary="Divides by the blur where the noise lets it: linear, and at once.",
        paper="Hunt, The application of constrained least squares estimation to image restoration "
        "by digital computer, IEEE Trans. Computers 22 (1973)",
        data="Photograph",
        peer=True,
    ),
    Card(
        id="restoration.richardson_lucy",
        title="Richardson-Lucy",
        target="engine.restoration.richardson_lucy:RichardsonLucy",
        summary="Sharpens step by step, for light that comes in photons.",
        paper="Richardson, Bayesian-based iterative method of image restoration, J. Opt. Soc. Am. "
        "62 (1972); Dey et al., Microscopy Research and Technique 69 (2006)",
        data="Photograph",
        peer=True,
    ),
    Card(
        id="restoration.tv_deconvolution",
        title="TV deconvolution",
        target="engine.restoration.tv_deconvolution:TVDeconvolution",
        summary="The picture with few edges whose blur is nearest to the photograph.",
        paper="Wang, Yang, Yin and Zhang, A new alternating minimization algorithm for total "
        "variation image reconstruction, SIAM J. Imaging Sciences 1 (2008)",
        data="Photograph",
        peer=True,
    ),
    Card(
        id="restoration.deep_residual_prior",
        title="Deep residual prior",
        target="engine.restoration.deep_residual_prior:DeepResidualPrior",
        summary="Deblurs with a kernel that is only roughly known; learns from this picture alone.",
        paper="Uncertainty-Aware Unsupervised Image Deblurring with Deep Residual Prior, "
        "CVPR 2023, arXiv 2210.05361",
        data="Photograph",
    ),
    Card(
        id="restoration.mip",
        title="Predicted network",
        target="engine.restoration.mip:MIP",
        summary="A small network, trained here, whose weights are predicted from its sliders.",
        paper="Magnitude Invariant Parametrizations Improve Hypernetwork Learning, "
        "arXiv 2304.07645",
        data="Photograph",
    ),
    Card(
        id="restoration.stn",
        title="Self-tuning network",
        target="engine.restoration.stn:STN",
        summary="A small network, trained here, that tunes its own training on the open picture.",
        paper="Self-Tuning Networks: Bilevel Optimization of Hyperparameters using Structured "
        "Best-Response Functions, ICLR 2019, arXiv 1903.03088",
        data="Photograph",
    ),
)


@functools.cache
def cards() -> dict[str, Card]:
    """Every known method by id: ours in order, then those of installed plug-ins."""
    found = {card.id: card for card in _METHODS}
    for entry in entry_points(group="fieldwright.methods"):
        card: Any = entry.load()
        if isinstance(card, Card):
            found.setdefault(card.id, card)
    return found


def card(method_id: str) -> Card:
    """The card of that id.

    Raises
    ------
    KeyError
        With a sentence that names the nearest ids.
    """
    known = cards()
    if method_id not in known:
        import difflib

        within = [name for name in known if method_id in name]
        close = within or difflib.get_close_matches(method_id, known, n=3, cutoff=0.3)
        raise KeyError(f"There is no method '{method_id}'. Nearest: {', '.join(close or known)}.")
    return known[method_id]


def first_for(data: Any) -> Card | None:
    """The first method that takes data of this kind and can run here."""
    fitting = (c for c in cards().values() if c.accepts(data) and not c.missing())
    return next(fitting, None)


def register(new: Card) -> None:
    """Add a method to this process's catalogue; an id that is taken is replaced."""
    cards()[new.id] = new
