"""NumPy's files: as NumPy reads whole ones, and without faith in their headers."""

from __future__ import annotations

import io
import zipfile

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from facelab.files import npy as own
from facelab.files.npy import read_npy, read_npz

KINDS = [np.dtype(kind) for kind in ("f2", "f4", ">f8", "i1", "<i4", ">i8", "u1", "u2", "?", "U7")]


def npy(values):
    buffer = io.BytesIO()
    np.save(buffer, values, allow_pickle=False)
    return buffer.getvalue()


def npz(compressed=True, **members):
    buffer = io.BytesIO()
    (np.savez_compressed if compressed else np.savez)(buffer, **members)
    return buffer.getvalue()


def with_header(text, body=b""):
    head = text.encode("latin-1") + b"\n"
    return b"\x93NUMPY\x01\x00" + len(head).to_bytes(2, "little") + head + body


@given(
    st.sampled_from(KINDS).flatmap(
        lambda kind: arrays.arrays(kind, arrays.array_shapes(min_dims=0, min_side=0, max_side=5))
    ),
    st.booleans(),
)
def test_as_numpy_reads_it(values, fortran):
    data = npy(np.asfortranarray(values) if fortran else values)
    found, wanted = read_npy(data), np.load(io.BytesIO(data))
    assert found.dtype == wanted.dtype
    np.testing.assert_array_equal(found, wanted)
    assert found.flags.writeable


@pytest.mark.parametrize("compressed", [True, False])
def test_archives_as_numpy_reads_them(compressed):
    values = {"a": np.arange(6.0).reshape(2, 3), "b": np.array("canonical")}
    found = read_npz(npz(compressed, **values))
    assert found.keys() == values.keys()
    for name, array in values.items():
        np.testing.assert_array_equal(found[name], array)
    assert read_npz(npz(compressed, **values), ("b",)).keys() == {"b"}


HEADERS = [
    "{'descr': '<f8', 'fortran_order': False, 'shape': (2,), ",  # not closed
    "{'descr': '<f8', 'fortran_order': False, 'shape': (2}, }",
    "{'descr': '<f8', 'fortran_order': False, 'shape': (2,), '",  # once a TokenError
    "{'descr': '<f8', 'fortran_ordep': False, 'shape': (2,), }",
    "{'descr': '<f8', 'fortran_order': False}",
    "{'descr': '|O', 'fortran_order': False, 'shape': (2,), }",
    "{'descr': '<f3', 'fortran_order': False, 'shape': (2,), }",
    "{'descr': [('a', '<f8')], 'fortran_order': False, 'shape': (2,), }",
    "{'descr': '<f8', 'fortran_order': False, 'shape': (1, 1125899906842624), }",
    "{'descr': '<f8', 'fortran_order': False, 'shape': (" + "1, " * 300 + "), }",
    "{'descr': '<f8', 'fortran_order': False, 'shape': (-1,), }",
    "{'descr': '<f8', 'fortran_order': False, 'shape': (2,), 'x': exit(), }",
    "(" * 1000,
    "",
]


@pytest.mark.parametrize("header", HEADERS)
def test_headers_that_are_none(header):
    with pytest.raises(ValueError, match=r"header|NumPy") as caught:
        read_npy(with_header(header, bytes(16)))
    assert "\n" not in str(caught.value)


def test_every_flipped_bit_of_a_header_is_an_array_or_a_line():
    data = npy(np.arange(8.0))
    for at in range(8 * (len(data) - 64)):
        flipped = bytearray(data)
        flipped[at // 8] ^= 1 << at % 8
        try:
            read_npy(bytes(flipped))
        except ValueError as error:
            assert "\n" not in str(error)


def test_python_2_wrote_long_sides():
    data = with_header("{'descr': '<f8', 'fortran_order': False, 'shape': (2L,), }", bytes(16))
    assert read_npy(data).shape == (2,)


def bomb(size):
    buffer = io.BytesIO()
    with (
        zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive,
        archive.open("a.npy", "w", force_zip64=True) as member,
    ):
        member.write(with_header(f"{{'descr': '|u1', 'fortran_order': False, 'shape': ({size},)}}"))
        for _ in range(size >> 20):
            member.write(bytes(1 << 20))
    return buffer.getvalue()


def test_a_small_archive_does_not_become_large(monkeypatch):
    monkeypatch.setattr(own, "LARGEST", 1 << 22)
    data = bomb(1 << 23)
    assert len(data) < 1 << 16
    with pytest.raises(ValueError, match="holds more than 4 MB of arrays"):
        read_npz(data)


def test_a_directory_that_lies_is_believed_and_no_more(monkeypatch):
    """Nothing is inflated beyond the size that the directory says."""
    monkeypatch.setattr(own, "LARGEST", 1 << 22)
    data = bytearray(bomb(1 << 23))
    at = data.rindex(b"PK\x01\x02")
    data[at + 24 : at + 28] = (1000).to_bytes(4, "little")
    with pytest.raises(ValueError, match=r"header says|archive"):
        read_npz(bytes(data))


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "no whole archive"),
        (b"PK\x03\x04 nonsense", "no whole archive"),
        (npz(a=np.eye(2))[:-10], "no whole archive"),
        (npz(b=np.eye(2)), "has no a"),
    ],
)
def test_archives_that_are_none(data, reason):
    with pytest.raises(ValueError, match=reason):
        read_npz(data, ("a",))


def test_other_compressions_are_not_read():
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_LZMA) as archive:
        archive.writestr("a.npy", npy(np.eye(2)))
    with pytest.raises(ValueError, match="compressed in a way"):
        read_npz(buffer.getvalue())


def test_pickles_are_not_read():
    buffer = io.BytesIO()
    np.save(buffer, np.array([{}], object), allow_pickle=True)
    with pytest.raises(ValueError, match="of objects"):
        read_npy(buffer.getvalue())
