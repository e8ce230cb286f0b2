"""What facelab's networks call the layers of MediaPipe's, in the order of the .tflite files."""

from __future__ import annotations


def separable(name: str) -> list[str]:
    """The two layers of a separable convolution."""
    return [f"{name}.depthwise", f"{name}.pointwise"]


def short_range_layers() -> list[str]:
    """BlazeFaceShort's layers in the order in which the .tflite runs them."""
    blocks = [f"fine.{i}" for i in range(11)] + [f"coarse.{i}" for i in range(5)]
    names = ["stem", *(layer for block in blocks for layer in separable(f"{block}.convolution"))]
    return [*names, "fine_score", "coarse_score", "fine_box", "coarse_box"]


def full_range_layers() -> list[str]:
    """BlazeFaceFull's layers in the order in which the .tflite runs them."""

    def stage(name: str, units: int) -> list[str]:
        return [
            layer
            for unit in range(units)
            for half in ("first", "second")
            for layer in separable(f"{name}.{unit}.{half}")
        ]

    names = ["stem", *stage("down.0", 2)]
    for level, units in ((1, 3), (2, 3), (3, 3), (4, 4)):
        names += [*stage(f"down.{level}", units), f"lateral.{level - 1}"]
    for level, units in ((0, 2), (1, 2)):
        names += [*stage(f"up.{level}", units), f"narrow.{level}"]
    names += stage("up.2", 1)
    return [
        *names,
        *(f"{head}.{part}" for head in ("score", "box") for part in ("pointwise", "depthwise")),
    ]


def face_mesh_layers() -> list[str]:
    """FaceMesh's layers in the order in which the .tflite runs them: its two heads alternate."""

    def block(name: str) -> list[str]:
        return [*separable(f"{name}.convolution"), f"{name}.activation"]

    names = ["stem.0", "stem.1"]
    for name in [*(f"trunk.{i}" for i in range(14)), "points.0", "points.1"]:
        names += block(name)
    (a, b, c), (d, e, f) = block("points.2"), block("score.0")
    names += [d, a, e, b, f, c]
    for step in zip(head_tail("score", 1), head_tail("points", 3), strict=True):
        names += step
    return names


def head_tail(name: str, first: int) -> list[str]:
    """The layers of a head of FaceMesh from its narrowing on; `first` is that layer's index."""
    block = f"{name}.{first + 2}"
    return [
        f"{name}.{first}",
        f"{name}.{first + 1}",
        *separable(f"{block}.convolution"),
        f"{block}.activation",
        f"{name}.{first + 3}",
    ]


def landmarker_layers() -> list[str]:
    """Landmarker's layers in the order in which the .tflite runs them."""
    parts = ("reduce", "inner_activation", "depthwise", "expand", "activation")
    blocks = [f"trunk.{i}.{part}" for i in range(34) for part in parts]
    return ["stem.0", "stem.1", *blocks, "tongue", "score", "points"]


def blendshapes_layers() -> list[str]:
    """Blendshapes' layers in the order in which the .tflite runs them."""
    halves = [
        layer
        for half in ("tokens", "channels")
        for layer in (f"norm_{half}", f"{half}.0", f"{half}.2")
    ]
    mixers = [f"mixers.{i}.{layer}" for i in range(4) for layer in halves]
    return ["gather", "embed", "asked", *mixers, "coefficients"]


def segmenter_layers() -> list[str]:
    """SelfieSegmenter's layers in the order in which the .tflite runs them."""

    def gate(name: str) -> list[str]:
        return [f"{name}.gate.reduce", f"{name}.gate.restore"]

    names = ["stem"]
    for i, gated in enumerate([True, False, False, True, True, True, True, True]):
        name = f"trunk.{i}"
        names += [f"{name}.expand", f"{name}.depthwise", *(gate(name) if gated else [])]
        names += [f"{name}.project"]
    names += ["context.features", "context.weights"]
    for i in range(3):
        name = f"up.{i}"
        names += [f"{name}.narrow", *gate(name), f"{name}.mix", f"{name}.depthwise"]
    return [*names, "opacity"]


def multiclass_layers() -> list[str]:
    """MulticlassSegmenter's layers in the order in which the .tflite runs them."""

    def residual(place: int) -> list[str]:
        return [f"trunk.{place}.{part}" for part in ("expand", "depthwise", "project")]

    def transformer(place: int, layers: int) -> list[str]:
        parts = ("norm", "linear.0", "linear.1", "score", "key", "value", "output")
        attention = [f"attention.{i}.{part}" for i in range(layers) for part in parts]
        names = ["local.0", "local.2", *attention, "project"]
        return [f"trunk.{place}.{name}" for name in names]

    def lateral(level: int) -> list[str]:
        return [f"pyramid.lateral.{level}.{i}" for i in (0, 1)]

    names = ["stem", *lateral(0), *residual(0), *residual(1), *residual(2), *lateral(1)]
    names += [*residual(3), *transformer(4, 2), *lateral(2)]
    names += [*residual(5), *transformer(6, 4), *lateral(3)]
    for level in reversed(range(4)):
        names += separable(f"pyramid.filter.{level}")
    names += [f"filter.{block}.{layer}" for block in range(5) for layer in (0, 2)]
    return [*names, "enlarge", "logits"]
