"""PRNet's published weights and UV data, made from a user's checkout of PRNet.

facelab may not ship them: the code is MIT, but the data behind them are for non-commercial
research. TensorFlow reads the checkpoint here and is used for nothing else.
"""

from __future__ import annotations

import hashlib
import importlib.util
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from safetensors.numpy import save
from scipy.interpolate import RBFInterpolator
from scipy.spatial import KDTree

from facelab import weights
from facelab.atlas import OVAL, SIZE, canonical, inner51
from facelab.errors import ImageError, OutputError, WeightsError
from facelab.files import MEGABYTE, read_bytes, why
from facelab.files.npy import read_npy
from facelab.geometry import pose
from facelab.images import decoded
from facelab.images.image import to_integers
from facelab.models.resfcn import PRN
from facelab.numerics.algebra import product
from facelab.numerics.arrays import Bool, Float

Array = NDArray[np.float64]
Variables = Mapping[str, NDArray[Any]]
Reader = Callable[[Path], Variables]

CHECKPOINT = Path("Data/net-data/256_256_resfcn256_weight")
UV_DATA = Path("Data/uv-data")
_LARGEST = 16 * MEGABYTE  # of a file of it; the largest has two
SOURCE = "PRNet (Feng et al., ECCV 2018), github.com/YadiraF/PRNet"
NETWORK_LICENCE = "MIT; trained on 300W-LP, whose images are for non-commercial research only"
ATLAS_LICENCE = "MIT; from the Basel Face Model, which is for non-commercial research only"

# Parts of the names in PRN's state dict, and in the checkpoint.
SCOPES = {"stem": "Conv", "encoder": "resBlock", "decoder": "Conv2d_transpose"}
PARTS = {
    "reduce.": "Conv/",
    "spatial.": "Conv_1/",
    "expand.weight": "Conv_2/weights",
    "shortcut.weight": "shortcut/weights",
    "convolution.weight": "weights",
    "norm.weight": "BatchNorm/gamma",
    "norm.bias": "BatchNorm/beta",
    "norm.running_mean": "BatchNorm/moving_mean",
    "norm.running_var": "BatchNorm/moving_variance",
}

# Of the chart's spline. It goes through the features; the oval's places are but the nearest texels.
FEATURE_SMOOTHING, OVAL_SMOOTHING = 0.5, 30.0


def import_prnet(checkout: Path, folder: Path, read: Reader | None = None) -> list[Path]:
    """Make ``prn.safetensors`` and ``prn_atlas.safetensors``, and list them in a manifest.

    Parameters
    ----------
    checkout : Path
        A checkout of PRNet with its ``Data/net-data`` checkpoint and ``Data/uv-data``.
    folder : Path
        Where to write; made if it is not there.
    read : callable, optional
        From the checkpoint's path to its variables by name; TensorFlow by default.

    Returns
    -------
    list of Path
        The two files.

    Raises
    ------
    WeightsError
        If TensorFlow or a file is missing, damaged or not what PRNet publishes.
    OutputError
        If a file cannot be written; all are then as they were. (Should the renaming at the end
        fail, the manifest comes last, so that `facelab weights verify` tells.)
    """
    arrays = {"prn": state_dict((read or read_checkpoint)(checkout / CHECKPOINT))}
    arrays["prn_atlas"] = atlas_arrays(read_uv_data(checkout / UV_DATA))
    files = {f"{name}.safetensors": save(content) for name, content in arrays.items()}
    listed = weights.manifest(folder) | {
        entry.name: entry
        for entry in (
            _entry("prn", NETWORK_LICENCE, files, {"crop": [1, 3, SIZE, SIZE]}),
            _entry("prn_atlas", ATLAS_LICENCE, files, {}),
        )
    }
    text = weights.manifest_text(listed.values())
    _install(folder, {**files, weights.MANIFEST: text.encode()})
    return [folder / name for name in files]


def _entry(
    name: str, licence: str, files: dict[str, bytes], inputs: dict[str, list[int]]
) -> weights.Entry:
    file = f"{name}.safetensors"
    return weights.Entry(
        name=name,
        file=file,
        sha256=hashlib.sha256(files[file]).hexdigest(),
        licence=licence,
        source=SOURCE,
        how=f"make it with {weights.IMPORTS[name]}",
        inputs=inputs,
        outputs={"positions": [1, SIZE, SIZE, 3]} if inputs else {},
    )


def _install(folder: Path, files: dict[str, bytes]) -> None:
    """Write all files to a folder beside their places, then move them there, in this order."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with TemporaryDirectory(prefix=".facelab-", dir=folder) as staging:
            for name, data in files.items():
                (Path(staging) / name).write_bytes(data)
            for name in files:
                (Path(staging) / name).replace(folder / name)
    except OSError as error:
        raise OutputError(
            f"{folder}: cannot be written ({why(error)}); choose another folder with --output"
        ) from error


# The network


def read_checkpoint(path: Path) -> Variables:
    """The variables of the TensorFlow checkpoint ``PATH.index``, the optimiser's left out.

    Raises
    ------
    WeightsError
        If TensorFlow is not installed or the checkpoint is missing or damaged.
    """
    for suffix in (".index", ".data-00000-of-00001"):
        _present(path.with_name(path.name + suffix))
    if importlib.util.find_spec("tensorflow") is None:
        raise WeightsError(
            f"reading {path.name} needs TensorFlow: pip install 'facelab[prnet]' in this "
            "environment, or import in another one and copy the folder"
        )
    import tensorflow as tf

    try:
        reader = tf.train.load_checkpoint(str(path))
        names = reader.get_variable_to_shape_map()
        return {name: reader.get_tensor(name) for name in names if "Adam" not in name}
    except (tf.errors.OpError, IndexError, RuntimeError, ValueError) as error:
        reason = str(error).splitlines()[0]
        raise WeightsError(f"{path}: a damaged or half-copied checkpoint ({reason})") from None


def state_dict(variables: Variables) -> dict[str, NDArray[Any]]:
    """PRN's state dict from the variables of PRNet's checkpoint, float32.

    Raises
    ------
    WeightsError
        If a variable is missing, has another shape or is not finite.
    """
    with torch.device("meta"):
        wanted = PRN().state_dict()
    out: dict[str, NDArray[Any]] = {}
    for key, tensor in wanted.items():
        if key.endswith("num_batches_tracked"):
            out[key] = np.zeros((), np.int64)
        else:
            out[key] = _converted(variables, tensorflow_name(key), tuple(tensor.shape))
    return out


def tensorflow_name(key: str) -> str:
    """The checkpoint's name of an entry of PRN's state dict."""
    stage, _, rest = key.partition(".")
    scope = SCOPES[stage]
    if stage != "stem":
        index, _, rest = rest.partition(".")
        scope += f"_{index}" if index != "0" else ""
    for ours, theirs in PARTS.items():
        rest = rest.replace(ours, theirs)
    return f"resfcn256/{scope}/{rest}"


def _converted(variables: Variables, name: str, shape: tuple[int, ...]) -> Float:
    """A variable in torch's layout: kernels come as (height, width, ., .), ours are turned."""
    if name not in variables:
        raise WeightsError(f"{CHECKPOINT.name}: no variable {name}; not PRNet's checkpoint")
    value = np.asarray(variables[name])
    if value.ndim == 4:
        value = value.transpose(3, 2, 0, 1)
    if value.shape != shape:
        raise WeightsError(
            f"{CHECKPOINT.name}: {name} has shape {value.shape} in torch's order, PRN's {shape}"
        )
    if not np.isfinite(value).all():
        raise WeightsError(f"{CHECKPOINT.name}: {name} is not finite; copy the checkpoint again")
    return np.ascontiguousarray(value, np.float32)


# The atlas


@dataclass(frozen=True, slots=True, eq=False)
class UVData:
    """PRNet's ``Data/uv-data``.

    Parameters
    ----------
    valid : (256, 256) bool
        Texels of the face.
    landmarks : (68, 2) int64
        Texels (u, v) of the 300-W landmarks.
    vertices : (n, 3) float64
        The mean face at the valid texels in scan order: x right, y down, the nearer the larger z.
    weight : (256, 256) uint8
        How much each texel counts in training.
    """

    valid: Bool
    landmarks: NDArray[np.int64]
    vertices: Array
    weight: NDArray[np.uint8]


def read_uv_data(folder: Path) -> UVData:
    """Read what facelab needs of PRNet's ``Data/uv-data``.

    Raises
    ------
    WeightsError
        If a file is missing, damaged or does not fit the others.
    """
    texels = _integers(folder / "face_ind.txt", SIZE * SIZE)
    if len(texels) < 1 or (np.diff(texels) <= 0).any():
        raise WeightsError(f"{folder / 'face_ind.txt'}: texels must be in scan order, each once")
    valid = np.zeros((SIZE, SIZE), np.bool_)
    valid.flat[texels] = True
    landmarks = _landmarks(folder / "uv_kpt_ind.txt", valid)
    vertices = _vertices(folder / "canonical_vertices.npy", len(texels))
    return UVData(valid, landmarks, vertices, _mask(folder / "uv_weight_mask.png"))


def atlas_arrays(data: UVData) -> dict[str, NDArray[Any]]:
    """The arrays that `facelab.atlas.prnet` reads.

    Returns
    -------
    valid : (256, 256) uint8
        1 for the texels of the face.
    landmarks : (68, 2) float32
        Texel coordinates (u, v).
    vertices : (n, 3) float32
        The mean face at the valid texels, in the canonical face frame and placed on the canonical
        mesh by the inner 51 landmarks, so that a pose means the same in both atlases.
    weight : (256, 256) uint8
        PRNet's loss mask, 0 outside the face.
    chart : (256, 256, 2) float32
        The texel of the canonical atlas that shows the same place of the face.
    """
    vertices = canonical_frame(data)
    return {
        "valid": data.valid.astype(np.uint8),
        "landmarks": data.landmarks.astype(np.float32),
        "vertices": vertices.astype(np.float32),
        "weight": data.weight * data.valid.astype(np.uint8),
        "chart": chart(data, vertices),
    }


def canonical_frame(data: UVData) -> Array:
    """The vertices ``(n, 3)`` in the canonical face frame, centimetres."""
    up = data.vertices * [1, -1, 1]
    rows = np.cumsum(data.valid).reshape(data.valid.shape) - 1
    u, v = data.landmarks[17:].T
    inner = inner51(canonical().vertices).astype(np.float64)
    scale, rotation, translation = pose.similarity(up[rows[v, u]], inner)
    return product(scale * up, rotation.T) + translation


def chart(data: UVData, vertices: Array) -> Float:
    """Where each texel of PRNet's map lies in the canonical atlas, ``(256, 256, 2)`` texels.

    A thin-plate spline (Bookstein, PAMI 1989) through the inner 51 landmarks, which say where the
    features are, and the canonical oval, each of its points at the nearest of the mean face's.

    Parameters
    ----------
    data : UVData
    vertices : (n, 3) float64
        The mean face in the canonical face frame.
    """
    uv = canonical().uv.astype(np.float64)
    texels = np.argwhere(data.valid)[:, ::-1]
    _, nearest = KDTree(vertices).query(canonical().vertices[list(OVAL)])
    inner = data.landmarks[17:], inner51(canonical().uv).astype(np.float64)
    lips = [_midpoints(points[-8:]) for points in inner]  # so that both stay straight in between
    oval = texels[nearest], uv[list(OVAL)]
    here, there = (np.concatenate(parts) for parts in zip(inner, lips, oval, strict=True))
    smoothing = np.repeat([FEATURE_SMOOTHING, OVAL_SMOOTHING], [51 + 8, len(OVAL)])
    spline = RBFInterpolator(here, there, kernel="thin_plate_spline", smoothing=smoothing)
    everywhere = np.indices((SIZE, SIZE))[::-1].reshape(2, -1).T.astype(np.float64)
    mapped = spline(everywhere).reshape(SIZE, SIZE, 2)
    return _through_the_mouth(mapped, data.landmarks[60:68]).astype(np.float32)


def _midpoints(polygon: NDArray[Any]) -> Array:
    middle: Array = (polygon + np.roll(polygon, -1, axis=0)) / 2
    return middle


def _through_the_mouth(chart: Array, inner_lips: NDArray[np.int64]) -> Array:
    """The chart with each column between the inner lips drawn straight from lip to lip.

    The canonical mouth is a slit, in which a spline turns back on itself. Smoothed over a texel
    each way, since the lips lie on whole texels.
    """
    out = chart.copy()
    mouth = cv2.fillPoly(np.zeros((SIZE, SIZE), np.uint8), [inner_lips.astype(np.int32)], 1) > 0
    for u in np.flatnonzero(mouth.any(axis=0)):
        rows = np.flatnonzero(mouth[:, u])
        first, last = rows[0], rows[-1]
        out[first : last + 1, u] = np.linspace(chart[first, u], chart[last, u], last - first + 1)
    out[mouth] = cv2.blur(out, (3, 3))[mouth]
    return out


def _present(path: Path) -> Path:
    if not path.is_file():
        raise WeightsError(f"{path} is missing: give the folder of a complete PRNet checkout")
    return path


def _content(path: Path) -> bytes:
    try:
        return read_bytes(_present(path), _LARGEST)
    except OSError as error:
        raise WeightsError(f"{path}: cannot be read ({why(error)}); copy it again") from None


def _integers(path: Path, below: int) -> NDArray[np.int64]:
    """All numbers of a text file, which must be integers in [0, below)."""
    try:
        numbers = np.array(_content(path).decode("ascii").split(), np.float64)
    except ValueError as error:
        raise WeightsError(f"{path}: not a list of numbers ({error})") from None
    if not ((numbers >= 0) & (numbers < below)).all() or (numbers % 1 != 0).any():
        raise WeightsError(f"{path}: must hold integers from 0 to {below - 1}")
    return numbers.astype(np.int64)


def _landmarks(path: Path, valid: Bool) -> NDArray[np.int64]:
    numbers = _integers(path, SIZE)
    if numbers.size != 2 * 68:
        raise WeightsError(f"{path}: must hold 2 x 68 numbers, not {numbers.size}")
    u, v = numbers.reshape(2, 68)
    if not valid[v, u].all():
        raise WeightsError(f"{path}: landmarks outside the texels of face_ind.txt; they must match")
    return np.column_stack([u, v])


def _vertices(path: Path, count: int) -> Array:
    try:
        vertices = read_npy(_content(path))
    except ValueError as error:
        raise WeightsError(f"{path}: not a NumPy array ({error})") from None
    if vertices.shape != (count, 3) or not np.isfinite(vertices).all():
        raise WeightsError(
            f"{path}: must be finite and of shape ({count}, 3), a vertex for each texel of "
            f"face_ind.txt, not {vertices.shape}"
        )
    return np.asarray(vertices, np.float64)


def _mask(path: Path) -> NDArray[np.uint8]:
    try:
        image = decoded(path, _content(path))
    except ImageError as error:
        reason = str(error).removeprefix(f"{path}: ")
        raise WeightsError(f"{path}: not a picture that is read ({reason})") from None
    mask = np.asarray(to_integers(image.pixels, 8)[..., 0])
    if mask.shape != (SIZE, SIZE):
        raise WeightsError(f"{path}: must be {SIZE} x {SIZE} px, not {mask.shape[::-1]}")
    return mask
