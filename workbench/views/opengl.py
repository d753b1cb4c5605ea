"""vispy bound to PySide6, and what the OpenGL at hand can do."""

from __future__ import annotations

import os
from typing import Any

from PySide6.QtGui import QOpenGLContext

os.environ.setdefault("QT_API", "pyside6")

import vispy

# The backend must be chosen before vispy.scene is imported, and after PySide6 is.
vispy.use(app="pyside6", gl="gl2")

from vispy import scene  # noqa: E402
from vispy.color import Color  # noqa: E402

SOFTWARE = ("llvmpipe", "softpipe", "swiftshader", "microsoft basic", "apple software")

__all__ = ["Color", "draws_in_software", "opengl_works", "scene"]


def opengl_works() -> bool:
    """Whether an OpenGL context can be made at all."""
    return bool(QOpenGLContext().create())


def draws_in_software(canvas: Any) -> bool:
    """Whether a processor draws, by the renderer's name."""
    from vispy.gloo import gl

    canvas.set_current()
    renderer = str(gl.glGetParameter(gl.GL_RENDERER)).lower()
    return any(name in renderer for name in SOFTWARE)
