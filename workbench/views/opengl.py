"""vispy bound to PySide6, and what the OpenGL at hand can do."""

from __future__ import annotations

import functools
import os
from typing import Any

from PySide6.QtGui import QOffscreenSurface, QOpenGLContext

os.environ.setdefault("QT_API", "pyside6")

import vispy

# The backend must be chosen before vispy.scene is imported, and after PySide6 is.
vispy.use(app="pyside6", gl="gl2")

from vispy import scene  # noqa: E402
from vispy.color import Color  # noqa: E402
from vispy.gloo import gl  # noqa: E402
from vispy.gloo.program import Program  # noqa: E402
from vispy.visuals.text.text import FontManager  # noqa: E402

GL_RENDERER = 0x1F01
SOFTWARE = ("llvmpipe", "softpipe", "swiftshader", "microsoft basic", "apple software")

__all__ = ["Color", "FontManager", "draws_in_software", "gl", "opengl_works", "renderer", "scene"]

_READ: dict[tuple[str, ...], dict[str, Any]] = {}
"""What vispy found in the sources of programs, by sources."""


def _read_once(read: Any = Program._parse_variables_from_code) -> Any:
    """vispy's own reading of a program's variables, once for the same sources: its search for
    comments goes through a line once for each of its letters, 40 ms a program, and of the fourteen
    programs of a first picture eleven have the sources of another."""

    def variables(program: Any, update_variables: bool = True) -> None:
        sources = tuple(shader.code for shader in program._shaders)
        if sources not in _READ:
            read(program, update_variables=False)
            _READ[sources] = program._code_variables
        program._code_variables = dict(_READ[sources])
        if update_variables:
            program._process_pending_variables()

    return variables


Program._parse_variables_from_code = _read_once()


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
