"""A field on a plane as a surface whose height is the value, under a camera that turns."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.layers import Axis
from workbench.theme import Theme
from workbench.views.opengl import Color, scene

MOST_NODES = 160
"""Along one axis: more triangles than this would not be told apart, and cost a processor dear."""
HEIGHT = 0.5
"""Of the surface's full range, in units of the plane's longer side."""
FAR = 1.95
"""Height of the view in units of the plane's longer side: the labels at the box are in sight."""
LIGHT = np.array([0.35, -0.4, 0.85]) / np.linalg.norm([0.35, -0.4, 0.85])
SHADE = 0.45
"""How much darker a slope that faces away from the light is."""
_CORNERS = np.array([[k & 1, k >> 1 & 1, k >> 2] for k in range(8)], np.float32)
_EDGES = np.array(
    [_CORNERS[k | bit] if end else _CORNERS[k]
     for k in range(8) for bit in (1, 2, 4) if not k & bit for end in (0, 1)]
)  # fmt: skip


class Relief:
    """The surface, its box with the ranges of its three axes, and its camera."""

    def __init__(self, parent: Any) -> None:
        self.camera = scene.TurntableCamera(
            fov=30, elevation=32, azimuth=30, center=(0, 0, 0), scale_factor=FAR
        )
        self._mesh = scene.visuals.Mesh(parent=parent)
        self._mesh.set_gl_state("opaque", depth_test=True)
        self._box = scene.visuals.Line(np.zeros((2, 3), np.float32), parent=parent, method="gl")
        self._box.set_data(_EDGES - 0.5, connect="segments")
        self._names = scene.visuals.Text(
            [""], parent=parent, font_size=8, anchor_x="center", pos=[(0, 0, 0)]
        )
        self.parts = (self._mesh, self._box, self._names)
        self._faces: NDArray[np.uint32] = np.empty((0, 3), np.uint32)
        self._shape = (0, 0)
        self.show(False)

    def show(self, shown: bool) -> None:
        for part in self.parts:
            part.visible = shown

    def set_theme(self, theme: Theme) -> None:
        self._box.set_data(color=Color(theme.muted, alpha=0.4))
        self._names.color = theme.muted

    def draw(
        self,
        values: NDArray[np.float64],
        rgb: NDArray[np.float32],
        limits: tuple[float, float],
        rect: tuple[float, float, float, float],
        axes: tuple[Axis, Axis],
    ) -> None:
        """Values (nx, ny) as heights within `limits`, in colours (ny, nx, 3), whose legend tells
        the height as well; the cells of the plane fill `rect` (left, bottom, width, height) in the
        units of the axes. What is not a number is a hole."""
        every = [max(1, -(-side // MOST_NODES)) for side in values.shape]
        z, colours = values[:: every[0], :: every[1]], rgb.transpose(1, 0, 2)
        colours = colours[:: every[0], :: every[1]]
        low, high = limits
        height = (np.clip(z, low, high) - low) / max(high - low, 1e-300) - 0.5
        size = np.array([rect[2], rect[3]]) / max(rect[2], rect[3])
        if min(size) < 0.2:
            # Axes of unlike units (time beside length) have no common scale to keep.
            size = np.ones(2)
        x, y = ((np.arange(n) / max(1, n - 1) - 0.5) * s
                for n, s in zip(z.shape, size, strict=True))  # fmt: skip
        stretch = np.array([*size, HEIGHT], np.float32)
        nodes = np.empty((*z.shape, 3), np.float32)
        nodes[..., 0], nodes[..., 1] = x[:, None], y[None]
        nodes[..., 2] = np.where(np.isfinite(height), height, -0.5) * HEIGHT
        lit = colours * _shade(nodes)[..., None]
        faces = self._triangles(z.shape)
        whole = np.isfinite(z).ravel()
        if not whole.all():
            faces = faces[whole[faces].all(axis=1)]
        rgba = np.concatenate([lit, np.ones((*z.shape, 1), np.float32)], axis=2)
        self._mesh.set_data(
            nodes.reshape(-1, 3), faces, vertex_colors=rgba.reshape(-1, 4).astype(np.float32)
        )
        self._box.set_data((_EDGES - 0.5) * stretch, connect="segments")
        self._label(stretch, limits, rect, values.shape, axes)

    def _label(
        self,
        stretch: NDArray[np.float32],
        limits: tuple[float, float],
        rect: tuple[float, float, float, float],
        shape: tuple[int, ...],
        axes: tuple[Axis, Axis],
    ) -> None:
        """Every axis has its ends and its name beside the edge it runs along."""
        # Nodes of the surface are the middles of cells.
        half = (rect[2] / shape[0] / 2, rect[3] / shape[1] / 2)
        ranges = [(rect[k] + half[k], rect[k] + rect[k + 2] - half[k]) for k in (0, 1)]
        edges = np.array([[0, -0.5, -0.5], [0.5, 0, -0.5], [-0.5, -0.5, 0]])
        out = np.array([[0, -0.09, -0.05], [0.09, 0, -0.05], [-0.07, -0.07, 0]])
        texts, places = [], []
        for k, (ends, name) in enumerate(
            zip([*ranges, limits], [*map(str, axes), ""], strict=True)
        ):
            middle = edges[k] * stretch + out[k]
            # Numbers at the ends of two edges would meet in the corner.
            for end, shift in zip(ends, (-0.42, 0.5) if k == 2 else (-0.47, 0.47), strict=True):
                place = middle.copy()
                place[k] += shift * stretch[k]
                texts.append(f"{_round(end, ends):.3g}".replace("-", "−"))
                places.append(place)
            if name:
                texts.append(name)
                places.append(middle + 0.6 * out[k])
        self._names.text = texts
        self._names.pos = np.array(places, np.float32)

    def _triangles(self, shape: tuple[int, int]) -> NDArray[np.uint32]:
        if shape != self._shape:
            n = np.arange(shape[0] * shape[1], dtype=np.uint32).reshape(shape)
            a, b, c, d = (x.ravel() for x in (n[:-1, :-1], n[1:, :-1], n[1:, 1:], n[:-1, 1:]))
            self._faces = np.concatenate([np.stack([a, b, c], 1), np.stack([a, c, d], 1)])
            self._shape = shape
        return self._faces

    def state(self) -> dict[str, Any]:
        camera = self.camera
        return {
            "azimuth": float(camera.azimuth),
            "elevation": float(camera.elevation),
            "scale": float(camera.scale_factor),
            "center": [float(c) for c in camera.center],
        }

    def restore(self, state: dict[str, Any]) -> None:
        self.camera.azimuth, self.camera.elevation = state["azimuth"], state["elevation"]
        self.camera.scale_factor, self.camera.center = state["scale"], tuple(state["center"])

    def fit(self) -> None:
        """The whole surface in sight, from where it is seen at first."""
        self.restore({"azimuth": 30.0, "elevation": 32.0, "scale": FAR, "center": (0, 0, 0)})


def _round(value: float, ends: tuple[float, float]) -> float:
    """Without the rounding noise that a sum of cell widths leaves at zero."""
    return 0.0 if abs(value) < 1e-9 * (ends[1] - ends[0]) else value


def _shade(nodes: NDArray[np.float32]) -> NDArray[np.float32]:
    """Brightness (nx, ny) of a surface lit from above and one side."""
    along = np.gradient(nodes, axis=0) if nodes.shape[0] > 1 else np.zeros_like(nodes)
    across = np.gradient(nodes, axis=1) if nodes.shape[1] > 1 else np.zeros_like(nodes)
    normal = np.cross(along, across)
    length = np.linalg.norm(normal, axis=-1)
    facing = np.abs(normal @ LIGHT) / np.where(length > 0, length, 1.0)
    return np.asarray(1 - SHADE * (1 - facing), np.float32)
