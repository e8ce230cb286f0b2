"""MAT-files read in Python: as SciPy reads whole ones, and without faith in others."""

from __future__ import annotations

import io
import struct
import zlib

import numpy as np
import pytest
import scipy.io

from facelab.files.matlab import LARGEST, read_mat

TYPES = ("f8", "f4", "i1", "u1", "i2", "u2", "i4", "u4", "i8", "u8")


def saved(compressed=False, **arrays):
    buffer = io.BytesIO()
    scipy.io.savemat(buffer, arrays, do_compression=compressed)
    return buffer.getvalue()


def element(kind, data, order="<", padded=True):
    size = -(-len(data) // 8) * 8 if padded else len(data)
    return struct.pack(f"{order}II", kind, len(data)) + data.ljust(size, b"\0")


def matrix(name, kind, shape, stored, data, order="<", flags=0):
    """A variable's element, of any faults that are wanted."""
    return element(
        14,
        element(6, struct.pack(f"{order}II", kind | flags, 0), order)
        + element(5, struct.pack(f"{order}{len(shape)}i", *shape), order)
        + element(1, name.encode(), order)
        + element(stored, data, order),
        order,
    )


def whole(*elements, order="<"):
    return (
        b"MATLAB 5.0".ljust(124)
        + struct.pack(f"{order}H", 0x0100)
        + {"<": b"IM", ">": b"MI"}[order]
        + b"".join(elements)
    )


@pytest.mark.parametrize("compressed", [False, True])
@pytest.mark.parametrize("kind", TYPES)
@pytest.mark.parametrize("shape", [(3, 68), (1, 1), (1, 7), (2, 3, 4), (0, 3)])
def test_as_scipy_reads_it(kind, shape, compressed):
    rng = np.random.default_rng(0)
    values = (rng.uniform(0, 100, shape)).astype(kind)
    data = saved(compressed, a=values, other=np.eye(2))
    found = read_mat(data, ("a",))["a"]
    wanted = scipy.io.loadmat(io.BytesIO(data))["a"]
    assert found.dtype == wanted.dtype
    np.testing.assert_array_equal(found, wanted)


@pytest.mark.parametrize("order", ["<", ">"])
def test_either_order_of_bytes_and_smaller_stored_types(order):
    numbers = np.arange(6, dtype=f"{order}u2")
    data = whole(matrix("a", 6, (2, 3), 4, numbers.tobytes(), order), order=order)
    found = read_mat(data, ("a",))["a"]
    np.testing.assert_array_equal(found, [[0, 2, 4], [1, 3, 5]])
    assert found.dtype == np.float64
    np.testing.assert_array_equal(found, scipy.io.loadmat(io.BytesIO(data))["a"])


def test_what_is_not_asked_for_may_be_anything():
    text = {"name": "left eye", "cell": np.array([1, "a"], object), "record": {"x": 1}}
    found = read_mat(saved(a=np.eye(3), sparse=scipy.sparse.eye(3), **text), ("a", "b"))
    assert list(found) == ["a"]


def test_of_numbers_and_nothing_else():
    for data in (saved(a="text"), saved(a=np.eye(2) * 1j), saved(a={"x": 1})):
        with pytest.raises(ValueError, match="a is no array of numbers"):
            read_mat(data, ("a",))


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "not a MATLAB file of level 5"),
        (b"MATLAB 7.3 MAT-file".ljust(124) + b"\x00\x02IM", "another version"),
        (whole(b"\0\0\0\0"), "cut off"),
        (whole(element(14, b"x" * 80)[:60]), "cut off"),
        (whole(struct.pack("<HHI", 1, 60_000, 0)), "a small element that is not small"),
        (whole(matrix("a", 6, (2, 2), 9, bytes(24))), r"said to be of \(2, 2\)"),
        (whole(matrix("a", 6, (1 << 30, 1 << 30), 9, bytes(8))), "said to be of"),
        (whole(matrix("a", 6, (-1, -1), 9, bytes(8))), "has no shape"),
        (whole(matrix("a", 6, (1,), 9, bytes(8))), "has no shape"),
        (whole(matrix("a", 6, (1, 1), 8, bytes(8))), "is no array of numbers"),
        (whole(element(15, b"nonsense", padded=False)), "compressed data are damaged"),
        (whole(element(15, zlib.compress(bytes(range(99)))[:40], padded=False)), "cut off"),
    ],
)
def test_what_is_wrong_is_said(data, reason):
    with pytest.raises(ValueError, match=reason):
        read_mat(data, ("a",))


@pytest.mark.parametrize("parts", [1, 40])
def test_a_small_file_does_not_become_large(parts):
    """In one variable, or in many."""
    body = zlib.compress(bytes(2 * LARGEST // parts))
    data = whole(*[element(15, body, padded=False)] * parts)
    assert len(data) < LARGEST / 100
    with pytest.raises(ValueError, match="more than 16 MB"):
        read_mat(data, ("a",))


def test_the_last_of_one_name_counts():
    one, two = (matrix("a", 6, (1, 1), 9, np.float64(x).tobytes()) for x in (1, 2))
    assert read_mat(whole(one, two), ("a",))["a"] == 2
