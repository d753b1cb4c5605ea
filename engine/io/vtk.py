"""Layers as ParaView and PyVista open them: in space as VTU, an unstructured grid, and on a grid as
VTI, an image."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import Element, SubElement, tostring

import numpy as np

from engine.layers import Array, Arrows, Field, Layer, Points, Surface
from engine.method import DataError


def write_vtu(path: Path, layer: Layer, about: Mapping[str, Any]) -> None:
    """Positions with every number that belongs to them, on their triangles where there are some.

    Vectors and the columns of frames are vectors (n, 3), covariances rows of t t numbers. What the
    file came from stands in a comment.

    Raises
    ------
    DataError
        For a layer without places, or positions of which all are missing.
    """
    import meshio

    points, faces, numbers = _parts(layer)
    if not len(points):
        raise DataError(f"'{layer.name}' has no points to save.")
    cells = [("triangle", faces)] if len(faces) else [("vertex", np.arange(len(points))[:, None])]
    mesh = meshio.Mesh(_solid(points), cells, point_data=numbers)
    mesh.write(path, file_format="vtu", compression="zlib")
    # meshio has no place for metadata. The comment stands last, where it keeps no reader from
    # knowing the file by its first bytes; XML allows no two dashes in a row in it.
    told = json.dumps(about).replace("--", "\\u002d\\u002d")
    with path.open("ab") as file:
        file.write(f"\n<!-- fieldwright {told} -->\n".encode())


def write_vti(path: Path, layers: Sequence[Layer], about: Mapping[str, Any]) -> None:
    """The fields that share the grid of the first, as cells with one number each.

    Raises
    ------
    DataError
        Where there is no field, or the grid is even in a logarithm.
    """
    found = [layer for layer in layers if isinstance(layer, Field)]
    if not found:
        raise DataError("A VTI file holds fields on a grid, and there is none to save.")
    first = found[0]
    if any(axis.log for axis in first.axes):
        raise DataError(f"The grid of '{first.name}' is logarithmic; save it as CSV or NPZ.")
    alike = [x for x in found if x.values.shape == first.values.shape and x.extent == first.extent]
    shape = (*first.values.shape, 1, 1)[:3]
    extent = (*first.extent, (0.0, 1.0), (0.0, 1.0))[:3]
    image = Element("ImageData", {
        "WholeExtent": " ".join(f"0 {n}" for n in shape),
        "Origin": " ".join(repr(float(low)) for low, _ in extent),
        "Spacing": " ".join(
            repr((high - low) / n) for n, (low, high) in zip(shape, extent, strict=True)
        ),
    })  # fmt: skip
    piece = SubElement(image, "Piece", {"Extent": image.attrib["WholeExtent"]})
    cells = SubElement(piece, "CellData", {"Scalars": first.name})
    for layer in alike:
        # VTK's first axis runs fastest; a block begins with its length in bytes.
        numbers = np.asarray(layer.values, "<f8").ravel(order="F").tobytes()
        block = np.array([len(numbers)], "<u8").tobytes() + numbers
        array = SubElement(cells, "DataArray",
                           {"type": "Float64", "Name": layer.name, "format": "binary"})  # fmt: skip
        array.text = base64.b64encode(block).decode()
    root = Element("VTKFile", {"type": "ImageData", "version": "1.0",
                               "byte_order": "LittleEndian", "header_type": "UInt64"})  # fmt: skip
    root.append(image)
    told = json.dumps(about).replace("--", "\\u002d\\u002d")
    text = tostring(root, encoding="unicode", xml_declaration=True)
    path.write_text(f"{text}\n<!-- fieldwright {told} -->\n", encoding="utf-8")


def _parts(layer: Layer) -> tuple[Array, Array, dict[str, Array]]:
    """Points (n, d), triangles (m, 3) and arrays with a row for each point."""
    none = np.empty((0, 3), np.int64)
    if isinstance(layer, Surface):
        return layer.vertices, layer.faces, {layer.name: layer.values}
    if isinstance(layer, Points):
        return layer.positions, none, _numbers(layer.columns)
    if not isinstance(layer, Arrows):
        raise DataError(f"'{layer.name}' has no places in space; save it as CSV or NPZ.")
    found = {layer.name: _solid(layer.vectors), **_numbers(layer.columns)}
    if len(layer.covariance):
        found["covariance"] = layer.covariance.reshape(len(layer.covariance), -1)
        for k in range(layer.frames.shape[2]):
            found[f"frame {k + 1}"] = _solid(layer.frames[:, :, k])
    for name, array in layer.attached.items():
        found[name] = array.reshape(len(array), -1)
    return layer.positions, np.asarray(layer.faces), found


def _solid(vectors: Array) -> Array:
    """(n, 3) float64: what lies in a plane gets a third coordinate of zero."""
    return np.pad(np.asarray(vectors, np.float64), ((0, 0), (0, 3 - vectors.shape[1])))


def _numbers(columns: Mapping[str, Array]) -> dict[str, Array]:
    """Columns of numbers as they are; of text, the place of each value in the order of values."""
    found = {}
    for name, column in columns.items():
        if column.dtype.kind in "fiub":
            found[name] = column.astype(np.float64 if column.dtype.kind == "f" else np.int64)
        elif column.dtype.kind in "UO":
            values, codes = np.unique(column.astype(str), return_inverse=True)
            found[f"{name} ({', '.join(values)})"] = codes.astype(np.int64)
    return found
