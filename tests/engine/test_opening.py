"""Files of every kind become tables, or one sentence."""

from __future__ import annotations

import io
import pickle
import zipfile

import numpy as np
import pytest

from engine.data import OpenError, Table, open_any, preview

ROWS = np.array([[5.1, 3.5], [4.9, 3.0], [4.7, 3.25]])


def write(folder, name, content):
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("plain.csv", "length,width\n5.1,3.5\n4.9,3.0\n4.7,3.25\n"),
        ("no header.csv", "5.1,3.5\n4.9,3.0\n4.7,3.25\n"),
        ("tabs.txt", "length\twidth\n5.1\t3.5\n4.9\t3.0\n4.7\t3.25\n"),
        ("german.csv", "length;width\n5,1;3,5\n4,9;3,0\n4,7;3,25\n"),
        ("german tabs.csv", "5,1\t3,5\n4,9\t3,0\n4,7\t3,25\n"),
        ("bom.csv", "\ufefflength,width\r\n5.1,3.5\r\n4.9,3.0\r\n4.7,3.25\r\n"),
        ("comments.csv", "# by hand\nlength,width\n5.1,3.5\n\n# then\n4.9,3.0\n4.7,3.25\n"),
        ("quotes.csv", '"length","width"\n"5.1","3.5"\n"4.9","3.0"\n"4.7","3.25"\n'),
        ("spaces.dat", "  5.1   3.5\n 4.9 3.0\n4.7  3.25\n"),
        ("numbered.csv", "id,length,width\n0,5.1,3.5\n1,4.9,3.0\n2,4.7,3.25\n"),
    ],
)
def test_one_table_in_ten_spellings(tmp_path, name, text):
    table = open_any(write(tmp_path, name, text))
    assert isinstance(table, Table)
    np.testing.assert_array_equal(table.values, ROWS)


def test_units_labels_and_gaps_are_understood_and_said(tmp_path):
    text = (
        "species,mass (g),span [cm],note\n"
        "owl,300,90,a\nowl,NA,88,b\nwren,9,15,c\nwren,10,,d\nowl,310,91,e\nwren,8.5,14,f\n"
    )
    path = write(tmp_path, "birds.csv", text)
    seen = preview(path)
    assert (seen.count, seen.columns, seen.units) == (6, ("mass", "span"), ("g", "cm"))
    assert seen.label == "species" and seen.gaps == 2
    table = open_any(path)
    assert len(table) == 4 and "2 of 6 rows" in " ".join(table.remarks)
    assert list(table.labels["species"]) == ["owl", "wren", "owl", "wren"]
    filled = open_any(path, missing="mean")
    assert len(filled) == 6
    assert filled.values[1, 0] == pytest.approx(np.mean([300, 9, 10, 310, 8.5]))
    with pytest.raises(OpenError, match="2 missing values in 2 rows"):
        open_any(path, missing="refuse")
    assert open_any(path, drop=["span"]).columns == ("mass",)
    with pytest.raises(OpenError, match="no column 'weight'"):
        open_any(path, label="weight")


def test_a_label_of_whole_numbers_is_found_by_its_name(tmp_path):
    path = write(tmp_path, "a.csv", "a,b,class\n1.5,2,0\n2.5,3,1\n3.5,4,1\n")
    table = open_any(path)
    assert table.label == "class" and table.columns == ("a", "b")
    assert table.labels["class"].dtype.kind == "i"


def test_infinities_are_counted_not_computed_with(tmp_path):
    path = write(tmp_path, "a.csv", "a,b\n1,2\ninf,3\n3,4\n5,6\n")
    assert preview(path).infinities == 1
    assert np.isfinite(open_any(path).values).all()


def test_numpy_files_by_content_not_by_suffix(tmp_path):
    plain, packed = io.BytesIO(), io.BytesIO()
    np.save(plain, ROWS)
    np.savez(packed, X=ROWS, labels=np.array([0, 1, 1]), other=np.zeros(5))
    assert np.array_equal(open_any(write(tmp_path, "a.csv", plain.getvalue())).values, ROWS)
    table = open_any(write(tmp_path, "b.dat", packed.getvalue()))
    assert np.array_equal(table.values, ROWS) and table.label == "labels"


def test_safetensors(tmp_path):
    from safetensors.numpy import save

    content = save({"data": ROWS, "y": np.array([1, 2, 3])})
    table = open_any(write(tmp_path, "t.bin", content))
    assert np.array_equal(table.values, ROWS) and list(table.labels["y"]) == [1, 2, 3]


def test_h5ad(tmp_path):
    anndata = pytest.importorskip("anndata")
    import pandas

    obs = pandas.DataFrame({"cell_type": ["a", "b", "a"]}, index=["c0", "c1", "c2"])
    var = pandas.DataFrame(index=["g0", "g1"])
    anndata.AnnData(X=ROWS, obs=obs, var=var).write_h5ad(tmp_path / "cells.h5ad")
    table = open_any(tmp_path / "cells.h5ad")
    assert np.allclose(table.values, ROWS) and table.columns == ("g0", "g1")
    assert table.label == "cell_type"


def test_an_image_is_a_table_of_pixels(tmp_path):
    from PIL import Image

    pixels = np.random.default_rng(0).integers(0, 256, (40, 30, 3), dtype=np.uint8)
    Image.fromarray(pixels).save(tmp_path / "p.png")
    table = open_any(tmp_path / "p.png")
    np.testing.assert_allclose(table.values, pixels.reshape(-1, 3) / 255)


def object_array() -> bytes:
    out = io.BytesIO()
    np.save(out, np.array([{"a": 1}, 2], dtype=object), allow_pickle=True)
    return out.getvalue()


def odd_zip() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("../evil.npy", b"x")
    return out.getvalue()


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("empty.csv", b"", "is empty"),
        ("comment.csv", b"# nothing\n", "is empty"),
        ("one.csv", b"a,b\n1,2\n", "1 rows"),
        ("words.csv", b"say,it\nin,words\nonly,words\nand,more\n", "no column of numbers"),
        ("ragged.csv", b"a,b\n1,2\n3,4,5\n6,7\n", "Line 3"),
        ("gaps.csv", b"a,b\n1,\n,2\n3,\n", "Every row"),
        ("model.pkl", pickle.dumps({"a": 1}), "pickle"),
        ("objects.npy", object_array(), "Python objects"),
        ("short.npy", b"\x93NUMPY\x01\x00v\x00{'descr'", "cut off"),
        ("short.npz", b"PK\x03\x04rest", "cut off"),
        ("evil.npz", odd_zip(), "unsafe path"),
        ("short.png", b"\x89PNG\r\n\x1a\n....", "cut off"),
        ("program", b"\x7fELF\x02\x01\x01\x00\x00\x00", "binary file"),
        ("short.safetensors", (1000).to_bytes(8, "little") + b'{"a":', "cut off"),
    ],
)
def test_bad_files_get_one_sentence_with_their_name(tmp_path, name, content, says):
    path = write(tmp_path, name, content)
    with pytest.raises(OpenError) as caught:
        open_any(path)
    assert name.split(".")[0] in str(caught.value) and says in str(caught.value)


def test_a_mistyped_path_names_its_neighbour(tmp_path):
    write(tmp_path, "measured.csv", "a\n1\n2\n")
    with pytest.raises(OpenError, match=r"Nearby: measured\.csv"):
        open_any(tmp_path / "mesured.csv")
    with pytest.raises(OpenError, match="folder"):
        open_any(tmp_path)


def test_a_large_table_is_read_whole(tmp_path):
    values = np.random.default_rng(0).normal(size=(20_000, 10))
    path = tmp_path / "large.csv"
    np.savetxt(path, values, delimiter=",", header=",".join("abcdefghij"), comments="")
    np.testing.assert_allclose(open_any(path).values, values)
