"""vispy bound to PySide6, and what the OpenGL at hand can do."""

from __future__ import annotations

import functools
import os

from PySide6.QtGui import QOffscreenSurface, QOpenGLContext

os.environ.setdefault("QT_API", "pyside6")

import vispy

# The backend must be chosen before vispy.scene is imported, and after PySide6 is.
vispy.use(app="pyside6", gl="gl2")

from vispy import scene  # noqa: E402
from vispy.color import Color  # noqa: E402
from vispy.gloo import gl  # noqa: E402

GL_RENDERER = 0x1F01
SOFTWARE = ("llvmpipe", "softpipe", "swiftshader", "microsoft basic", "apple software")

__all__ = ["Color", "draws_in_software", "gl", "opengl_works", "renderer", "scene"]


@functools.cache
def renderer() -> str:
    """The name of what draws, "" when no OpenGL context can be made."""
    context, place = QOpenGLContext(), QOffscreenSurface()
    place.create()
    if not context.create() or not context.makeCurrent(place):
        return ""
    name = str(context.functions().glGetString(GL_RENDERER) or "unnamed")
    context.doneCurrent()
    return name


def opengl_works() -> bool:
    """Whether an OpenGL context can be made at all."""
    return bool(renderer())


def draws_in_software() -> bool:
    """Whether a processor draws, by the renderer's name."""
    return any(name in renderer().lower() for name in SOFTWARE)
