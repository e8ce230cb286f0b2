"""Making outputs again from their records, with what the commands themselves use."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from facelab.constants import BACKENDS, DETECTORS, DEVICES, RUNTIMES
from facelab.errors import UsageError
from facelab.export import NAMES
from facelab.export.photograph import Export, Report, find_faces, write_faces
from facelab.images import read
from facelab.model import FaceModel
from facelab.recipe import describe, recipe_of
from facelab.recipe.result import write_comparison
from facelab.recipe.runner import RecipeRunner, prepare
from facelab.recipe.video import VideoResult, video_settings
from facelab.reconstruct.networks import Networks
from facelab.types import Box
from facelab.verification.recorded import Json, Recorded, file_name, listing, mapping, text
from facelab.video.reader import open_video

_PARTS = {
    "detector": DETECTORS,
    "backend": BACKENDS,
    "runtime": RUNTIMES,
    "device": DEVICES,
}
_SIDES = range(16, 4097)  # of exported textures, as `facelab reconstruct` takes them


@contextmanager
def refusing(path: Path | str) -> Iterator[None]:
    """Put whatever is wrong with a record's settings into one line.

    Raises
    ------
    UsageError
        If one is; it names the record.
    """
    try:
        yield
    except UsageError as error:
        raise UsageError(f"{path}: {error}") from None
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        reason = f"no {error}" if isinstance(error, KeyError) else str(error)
        raise UsageError(
            f"{path}: its settings are not those of this version ({reason}); use the facelab that "
            "it names"
        ) from None


def networks_of(recorded: Recorded) -> Networks:
    """The networks of a record; their own weights go by their name until they are found.

    Raises
    ------
    UsageError
        If they are none that there are.
    """
    with refusing(recorded.path):
        within = recorded.command == "reconstruct"
        return networks_said(recorded.settings["networks"] if within else recorded.settings)


def networks_said(said: Json) -> Networks:
    """The networks of what `Networks.said` gave; ``ValueError`` or the like if it did not."""
    names = {key: text(key, said[key]) for key in _PARTS}
    for key, name in names.items():
        if name not in _PARTS[key]:
            raise ValueError(f"{key}: {name!r} is none of {', '.join(_PARTS[key])}")
    own = said.get("own")
    return Networks(**names, own=None if own is None else Path(file_name(own)))


def made_again(recorded: Recorded, networks: Networks, files: Sequence[Path]) -> dict[str, bytes]:
    """Run the command of a record again; the files by name.

    Parameters
    ----------
    recorded : Recorded
    networks : Networks
        Its networks.
    files : sequence of Path
        The record's inputs, in its order.

    Raises
    ------
    FacelabError
        If the settings are not those of this version, or whatever the command raises.
    """
    with TemporaryDirectory(prefix="facelab-") as folder:  # gone with Ctrl-C, too
        _MAKERS[recorded.command](recorded, networks, files, Path(folder))
        return {file.name: file.read_bytes() for file in sorted(Path(folder).iterdir())}


def _picture(recorded: Recorded, networks: Networks, files: Sequence[Path], folder: Path) -> None:
    with refusing(recorded.path):
        placed = _placed(mapping("recipe", recorded.settings["recipe"]), recorded, files)
    recipe = recipe_of(placed, str(recorded.path))
    show = recorded.settings.get("show", False) is True
    said = {"command": recorded.command, "show": show}
    with refusing(recorded.path):
        done = {**networks.said, **said, "recipe": describe(recipe, str)}
        pictured = {key: one for key, one in recorded.settings.items() if key != "video"}
        check_within({**pictured, "recipe": placed}, done)
    (name,) = recorded.files
    runner = prepare(recipe, FaceModel(networks.load(), networks), said=said)
    if "video" in recorded.settings:
        _video(runner, recorded, files[-1], folder / name)
        return
    photograph = read(files[-1])
    result = runner(photograph)
    result.save(folder / name, consent=recorded.consent)
    if show:
        write_comparison(folder / name, photograph, result, recorded.consent)


def _video(runner: RecipeRunner, recorded: Recorded, file: Path, output: Path) -> None:
    with refusing(recorded.path):
        said = mapping("video", recorded.settings["video"])
        codec, quality = text("codec", said["codec"]), _whole(said["quality"])
        video = open_video(file, start=said["start"], stop=said["stop"], every=said["every"])
        check_within(said, video_settings(video, codec, quality or 0))
    result = VideoResult(video, runner)
    result.save(output, consent=recorded.consent, codec=codec, quality=quality)


def _placed(said: Json, recorded: Recorded, files: Sequence[Path]) -> Json:
    """A described recipe with the places of its files in place of their names."""
    roles: dict[str, list[Path]] = {}
    for about, file in list(zip(recorded.inputs, files, strict=True))[:-1]:
        roles.setdefault(about.role, []).append(file)
    mask = None if said.get("mask") is None else str(roles["mask"].pop())
    inputs = mapping("inputs", said["inputs"])
    return {**said, "mask": mask, "inputs": placed_inputs(inputs, roles)}


def placed_inputs(inputs: Json, files: Mapping[str, Sequence[Path]]) -> Json:
    """Described inputs of a recipe with the places of their files, which are given by name.

    Raises
    ------
    ValueError, KeyError
        If they have other files than are given.
    """
    return {name: _placed_input(name, one, files[name]) for name, one in inputs.items()}


def _placed_input(name: str, said: object, files: Sequence[Path]) -> Json:
    about = mapping(name, said)
    key = "picture" if "picture" in about else "photograph"
    names = about[key] if isinstance(about[key], list) else [about[key]]
    if len(names) != len(files):
        raise ValueError(f"{name}: {len(names)} files are named, {len(files)} recorded")
    places = [str(file) for file in files]
    return {**about, key: places if len(places) > 1 else places[0]}


def _reconstructed(
    recorded: Recorded, networks: Networks, files: Sequence[Path], folder: Path
) -> None:
    with refusing(recorded.path):
        export = _export(recorded, networks, files)
        said = {key: one for key, one in recorded.settings.items() if key != "landmarks"}
        check_within(said, export.recipe)
    report = Report(folder / recorded.path.name, files[-1], export.landmarks)
    image, reconstructor = read(files[-1]), networks.load()
    faces = find_faces(report, image, export, reconstructor)
    write_faces(report, image, faces, export, reconstructor.description)


def _export(recorded: Recorded, networks: Networks, files: Sequence[Path]) -> Export:
    said = dict(recorded.settings)
    write = tuple(listing("write", said["write"]))
    unknown = [name for name in write if name not in NAMES]
    side = _whole(said["texture_size"])
    if unknown or (side is not None and side not in _SIDES):
        raise ValueError(f"write {unknown[0]!r}" if unknown else f"texture_size {side}")
    said["write"], said["box"], said["networks"] = write, _box(said["box"]), networks
    said["faces"] = text("faces", said["faces"])
    said["landmarks"] = files[0] if recorded.inputs[0].role == "landmarks" else None
    return Export(**said)


def _box(said: object) -> Box | None:
    return None if said is None else Box(**mapping("box", said))


def _whole(said: object) -> int | None:
    if said is not None and type(said) is not int:
        raise ValueError(f"{said!r} is no whole number")
    return said


def check_within(said: object, done: object, where: str = "recipe") -> None:
    """Check that every recorded setting is in effect; settings not recorded are the defaults.

    Raises
    ------
    ValueError
        If one is not; it names the key.
    """
    if isinstance(said, dict) and isinstance(done, dict):
        for key, value in said.items():
            if key in done:
                check_within(value, done[key], key)
            elif value is not None:
                raise ValueError(f"{where}: {key} is unknown")
    elif isinstance(said, list) and isinstance(done, list) and len(said) == len(done):
        for one, other in zip(said, done, strict=True):
            check_within(one, other, where)
    elif said != done or isinstance(said, bool) != isinstance(done, bool):
        raise ValueError(f"{where}: {said!r} is done as {done!r}")


_MAKERS: dict[str, Callable[[Recorded, Networks, Sequence[Path], Path], None]] = {
    "swap": _picture,
    "edit": _picture,
    "reconstruct": _reconstructed,
}
