"""How still, how prompt and how fast videos are, by clips with known motion that are made here.

Run `python benchmarks/bench_video.py [--folder FOLDER]`. The samples are moved, turned, scaled and
lit by a known path, given grain, and compressed as videos are (H.264, crf 23). Printed are, of a
face scaled to 300 px:

jitter    how far landmarks go from frame to frame on the still clip, RMS px, raw and steadied
lag       by how many frames the tip of the nose is late on the moved clip, and how far off, RMS px
tracks    whose tracks were kept through a crossing, a hand before the face, and a cut
flicker   how much skin changes from frame to frame on the still clip, levels of 255, after a swap
          and an edit, beside the input's own
speed     milliseconds a frame by stage, and the whole beside the photograph's way, frame by frame

With a folder the clips and what became of them are kept there, to look at.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import cv2
import numpy as np

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

import facelab  # noqa: E402 - needs the path above
from facelab.edits import Lipstick  # noqa: E402
from facelab.images import Image  # noqa: E402
from facelab.numerics.arrays import Float  # noqa: E402
from facelab.recipe.runner import Seen  # noqa: E402
from facelab.recipe.video import VideoResult  # noqa: E402
from facelab.video.follow import followed  # noqa: E402
from facelab.video.pyav import pyav  # noqa: E402
from facelab.video.reader import Video, open_video  # noqa: E402
from facelab.video.smoothing import LAG  # noqa: E402
from facelab.video.tracks import FaceTracker  # noqa: E402
from facelab.video.writer import VideoWriter  # noqa: E402

SHAPE, FRAMES, RATE, FACE = (720, 1280), 60, 25, 300.0
GRAIN = 0.015  # standard deviation, of [0, 1]
CRF = "23"
PICTURES = ("astronaut.png", "james-left.jpg")

Place = tuple[float, float, float, float, float]
"""Of a portrait: x and y of its middle, px, scale, roll in degrees, and gain."""


def still(_number: int) -> Place:
    return 640.0, 400.0, 1.4, 0.0, 1.0


def moved(number: int) -> Place:
    phase = 2 * np.pi * number / 40
    return (640 + 150 * np.sin(phase), 400 + 40 * np.sin(2 * phase), 1.4 + 0.2 * np.sin(phase / 2),
            12 * np.sin(phase), 1 + 0.2 * np.sin(phase / 3))  # fmt: skip


def left_to_right(number: int) -> Place:
    return 250.0 + 13 * number, 400.0, 0.9, 0.0, 1.0


def right_to_left(number: int) -> Place:
    return 1030.0 - 13 * number, 380.0, 0.8, 0.0, 1.0


def portrait(name: str) -> Float:
    """A sample's head and shoulders ``(512, 512, 4)``, its edge soft."""
    pixels = facelab.read(ROOT / "samples" / name).pixels
    side = min(pixels.shape[:2])
    top, left = 0, (pixels.shape[1] - side) // 2
    square = cv2.resize(pixels[top : top + side, left : left + side], (512, 512))
    y, x = (np.mgrid[:512, :512].astype(np.float32) - 255.5) / 256
    edge = np.clip((1 - np.maximum(np.abs(x), np.abs(y))) * 12, 0, 1)
    return np.dstack([square, edge])


def warp(at: Place) -> Float:
    """Pixels of a portrait to those of the frame, ``(2, 3)``."""
    x, y, scale, roll, _ = at
    matrix: Float = cv2.getRotationMatrix2D((255.5, 255.5), roll, scale)
    matrix[:, 2] += [x - 255.5, y - 255.5]
    return matrix


def placed(canvas: Float, picture: Float, at: Place) -> Float:
    """A canvas with a portrait put on it."""
    gain = at[-1]
    layer = cv2.warpAffine(picture, warp(at), SHAPE[::-1], flags=cv2.INTER_CUBIC)
    shown = np.clip(layer[..., 3:], 0, 1)
    return canvas * (1 - shown) + layer[..., :3] * shown * np.float32(gain)


def frames_of(kind: str) -> Iterator[Float]:
    """The frames of a clip, clean."""
    one, other = (portrait(name) for name in PICTURES)
    y, x = np.mgrid[: SHAPE[0], : SHAPE[1]].astype(np.float32)
    ground = np.dstack([0.3 + 0.1 * np.sin(x / 90), 0.35 + 0 * x, 0.3 + 0.1 * np.cos(y / 70)])
    for number in range(FRAMES):
        if kind == "crossing":
            behind = placed(ground, other, right_to_left(number))
            yield placed(behind, one, left_to_right(number))
        elif kind == "cut":
            yield placed(ground, one if number < FRAMES // 2 else other, still(number))
        else:
            frame = placed(ground, one, moved(number) if kind == "moved" else still(number))
            if kind == "hand" and 20 <= number < 32:
                middle = 440 + 30 * (number - 20), 330
                frame = cv2.ellipse(frame, middle, (130, 200), 0, 0, 360, (0.75, 0.55, 0.45), -1)
            yield frame


def write(path: Path, frames: Iterator[Float]) -> Video:
    """A clip of frames, with grain, compressed."""
    noise = np.random.default_rng(0)
    with pyav().open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=RATE, options={"crf": CRF})
        stream.height, stream.width, stream.pix_fmt = *SHAPE, "yuv420p"
        for frame in frames:
            grainy = frame + noise.normal(0, GRAIN, frame.shape).astype(np.float32)
            levels = np.clip(np.rint(grainy * 255), 0, 255).astype(np.uint8)
            picture = pyav().VideoFrame.from_ndarray(levels, format="rgb24")
            container.mux(stream.encode(picture))
        container.mux(stream.encode())
    return open_video(path)


def paths(video: Video, model: facelab.FaceModel) -> tuple[Float, Float, float]:
    """The first track's points ``(T, 468, 2)`` raw and steadied, and the face's size."""
    raw, steady, size = [], [], 0.0
    tracker = FaceTracker(model.reconstructor)
    for one in followed(video, tracker):
        steady.append(one.faces[0].points[:, :2])
        size = one.faces[0].found.box.size
        if one.before.past:
            raw.append(one.before.past[-1][one.faces[0].track][:, :2])
    return np.array(raw), np.array(steady), size


def rms(away: Float) -> float:
    """Root of the mean square of lengths."""
    return float(np.sqrt((away**2).sum(axis=-1).mean()))


def jitter(points: Float, size: float) -> float:
    """How far points go from frame to frame, px of a face of `FACE`."""
    return rms(np.diff(points[LAG:-LAG], axis=0)) * FACE / size


def lag(points: Float, size: float) -> tuple[float, float]:
    """By how many frames the tip of the nose is late on the moved clip, and how far off, px."""
    nose = points[:, 1]
    matrices = [warp(moved(number)) for number in range(-1, len(nose) + 1)]
    back = [cv2.invertAffineTransform(one) for one in matrices[1:-1]]
    own = np.mean([one @ [*at, 1] for one, at in zip(back, nose, strict=True)], axis=0)
    at = np.array([one @ [*own, 1] for one in matrices])
    error = (nose - at[1:-1])[LAG:-LAG]
    speed = ((at[2:] - at[:-2]) / 2)[LAG:-LAG]
    error -= error.mean(axis=0)
    late = -float((error * speed).sum() / (speed * speed).sum())
    return late, rms(error) * FACE / size


def tracks(video: Video, model: facelab.FaceModel) -> str:
    """The tracks in a clip, where they change."""
    said, last = [], None
    for one in followed(video, FaceTracker(model.reconstructor)):
        faces = sorted(one.faces, key=lambda face: face.found.box.centre[0])
        now = tuple(face.track for face in faces)
        if now != last:
            said.append(f"{one.frame.number}: {' '.join(map(str, now)) or '-'}")
        last = now
    return ", ".join(said)


def flicker(video: Video, box: facelab.Box) -> float:
    """How much the middle of a still face changes from frame to frame, levels of 255."""
    x, y, reach = round(box.centre[0]), round(box.centre[1]), round(box.size / 4)
    cuts = [
        cv2.GaussianBlur(frame.image.pixels, (0, 0), 2)[
            y - reach : y + reach, x - reach : x + reach
        ]
        for frame in video
    ]
    return float(np.abs(np.diff(np.array(cuts[LAG:-LAG]), axis=0)).mean() * 255)


def milliseconds(work: Callable[[], object]) -> float:
    """Milliseconds a frame that work on a whole clip takes."""
    begun = time.perf_counter()
    work()
    return (time.perf_counter() - begun) * 1000 / FRAMES


def encode(path: Path, video: Video, images: list[Image]) -> None:
    """Write frames as facelab does."""
    writer = VideoWriter(path, video, "h264", 70)
    for frame, image in zip(video, images, strict=True):
        writer.write(frame, image)
    writer.close()


def speed(folder: Path, video: Video, result: VideoResult, model: facelab.FaceModel) -> None:
    """Print what each stage takes."""
    frames = list(video)
    found = list(followed(frames, FaceTracker(model.reconstructor)))
    seen = [[face.found for face in one.faces] for one in found]
    images = [frame.image for frame in frames]
    pairs = list(zip(frames, seen, strict=True))
    rows = {
        "decode": lambda: list(video),
        "follow and steady": lambda: list(followed(frames, FaceTracker(model.reconstructor))),
        "swap": lambda: [result.runner(Seen(frame.image, faces)) for frame, faces in pairs],
        "encode (and decode)": lambda: encode(folder / "encoded.mp4", video, images),
        "all, file to file": lambda: result.save(folder / "timed.mp4"),
        "frame by frame as photographs": lambda: [result.runner(frame.image) for frame in frames],
    }  # fmt: skip
    for name, work in rows.items():
        taken = milliseconds(work)
        print(f"  {name:32s} {taken:7.1f} ms  {1000 / taken:6.1f} frames a second")


def measure(folder: Path) -> None:
    """Make the clips and print every table."""
    model = facelab.load_model()
    clips = {
        kind: write(folder / f"{kind}.mp4", frames_of(kind))
        for kind in ("still", "moved", "crossing", "hand", "cut")
    }
    raw, steady, size = paths(clips["still"], model)
    print(
        f"jitter, px of {FACE:.0f}: raw {jitter(raw, size):.3f}, "
        f"steadied {jitter(steady, size):.3f}"
    )
    raw, steady, size = paths(clips["moved"], model)
    for name, points in (("raw", raw), ("steadied", steady)):
        late, off = lag(points, size)
        print(f"lag, {name}: {late:+.3f} frames, off by {off:.2f} px of {FACE:.0f}")
    for kind in ("crossing", "hand", "cut"):
        print(f"tracks, {kind}: {tracks(clips[kind], model)}")
    box = model(next(iter(clips["still"])).image)[0].box
    swapped = facelab.swap(clips["still"], ROOT / "samples" / "james-right.jpg", model=model)
    edited = facelab.Recipe([Lipstick()])(clips["still"], model=model)
    print(f"flicker, input: {flicker(clips['still'], box):.3f}")
    for name, result in (("swap", swapped), ("lipstick", edited)):
        result.save(folder / f"still-{name}.mp4")
        print(f"flicker, {name}: {flicker(open_video(folder / f'still-{name}.mp4'), box):.3f}")
    moving = facelab.swap(clips["moved"], ROOT / "samples" / "james-right.jpg", model=model)
    print(f"speed, {SHAPE[1]} x {SHAPE[0]}, a face of {size:.0f} px:")
    speed(folder, clips["moved"], moving, model)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folder", type=Path, help="where clips are kept")
    folder = parser.parse_args().folder
    if folder:
        folder.mkdir(parents=True, exist_ok=True)
        measure(folder)
        return
    with tempfile.TemporaryDirectory() as temporary:
        measure(Path(temporary))


if __name__ == "__main__":
    main()
