"""A data set as it is asked for, and all that its samples are made with."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import platformdirs
from fsspec.implementations.local import LocalFileSystem

import facelab
from facelab import weights
from facelab.augment.generate import Generator
from facelab.augment.heads import WEIGHTS
from facelab.augment.maps import MAPS
from facelab.augment.photograph_classes import load_photograph_classifier
from facelab.augment.portrait_cache import PortraitCache
from facelab.augment.report.dataset_card import Facts
from facelab.augment.run import DataSet
from facelab.augment.store import Store
from facelab.augment.style import Style
from facelab.augment.template import NEEDED, Template, read_template
from facelab.errors import UsageError
from facelab.files.writing import check_folder, make_folder
from facelab.geometry.head import HeadModel
from facelab.heads.openness import WEIGHTS as OPENNESS
from facelab.provenance import file_sha256
from facelab.recipe import Input, PictureFile, Recipe, describe
from facelab.recipe.recipe import files_of
from facelab.reconstruct import load_segmenter
from facelab.reconstruct.networks import Networks


@dataclass(frozen=True)
class DataSetRequest:
    """A data set as it is asked for.

    Parameters
    ----------
    recipe : Path
    faces : Path or None
        Folder of photographs; None where a recipe needs none.
    output : str
        Path or URL.
    count : int
    seed : int or None
        None for the recipe's.
    format : str
        A key of `facelab.augment.formats.FORMATS`.
    maps : str
        ``all``, ``none`` or names with commas between.
    cache : Path or None
        None for the user's.
    consent, licence : str
        Of the photographs.
    networks : Networks
    head : Path, optional
        A file of `facelab.geometry.head.HeadModel`.
    """

    recipe: Path
    faces: Path | None
    output: str
    count: int
    seed: int | None
    format: str
    maps: str
    cache: Path | None
    consent: str
    licence: str
    networks: Networks
    head: Path | None = None


def data_set_of(request: DataSetRequest) -> DataSet:
    """Return the data set that is asked for.

    Raises
    ------
    FacelabError
        If the recipe, the maps, the weights, the head or the folder are not there or unfit.
    """
    template, networks = _template(request.recipe), request.networks
    if request.faces is None and template.needs_photographs:
        raise UsageError(f"{request.recipe}: {NEEDED}; give their folder with -i")
    head, used = _head(request.head, networks), weights_of(template, networks)
    style = style_of(template, request.seed, request.maps, request.consent)
    facts = Facts(
        format=request.format,
        style=style,
        recipe=_without_folders(template),
        requested=request.count,
        licence=request.licence,
        weights=[name for name in used if name in weights.entries()],
        variants=template.variants,
    )
    portraits = portrait_cache_of(template, networks, request.head, request.cache)
    return DataSet(
        faces=request.faces,
        store=_store(request),
        facts=facts,
        find_face=portraits.portrait,
        generator_of=partial(Generator, template=template, portraits=portraits),
        heads=template.heads,
        made_with={
            "inputs": {name: _hashes(given) for name, given in template.inputs.items()},
            "networks": {**networks.said, "weights": used},
            **head,
        },
    )


def style_of(
    template: Template, seed: int | None, maps: str, consent: str = "unspecified"
) -> Style:
    """Return how samples of a recipe are written; seed, maps, consent as of `DataSetRequest`.

    Raises
    ------
    UsageError
        If a map is unknown.
    """
    return Style(
        seed=template.seed if seed is None else seed,
        suffix=f".{template.output.format or 'jpg'}",
        quality=template.output.quality,
        maps=_maps(maps),
        consent=consent,
    )


def portrait_cache_of(
    template: Template, networks: Networks, head: Path | None, cache: Path | None
) -> PortraitCache:
    """Return the cache of the portraits in a data set's photographs.

    Paths become absolute, wherever the workers are; a cache of None is the user's own.

    Raises
    ------
    FacelabError
        If the weights or the head are not there or unfit.
    """
    used = {**weights_of(template, networks), **_head(head, networks)}
    segmenter = partial(load_segmenter, networks.runtime, networks.device)
    return PortraitCache(
        cache=(cache or _own_cache()).resolve(),
        load=networks.load,
        key=_key(networks, used),
        load_segmenter=segmenter if template.needs_matte else None,
        load_classifier=partial(load_photograph_classifier, networks.runtime, networks.device),
        head=head and head.resolve(),
    )


def weights_of(template: Template, networks: Networks) -> dict[str, str]:
    """Name to sha256 of the weights that a data set is made with."""
    used = {
        **networks.weights,
        **(matte_weights() if template.needs_matte else {}),
        **(class_weights() if template.needs_photographs else {}),
    }
    return used if template.heads is None else {**used, **head_weights()}


def _head(head: Path | None, networks: Networks) -> dict[str, str]:
    """The hash of a morphable model's file by the name ``head``, where there is one."""
    if head is None:
        return {}
    if networks.backend == "prn":
        raise UsageError(f"{head}: heads go with --backend map or mesh, not prn")
    HeadModel.read(head)  # an error now, not in every worker
    return {"head": file_sha256(head)}


def _template(file: Path) -> Template:
    return resolved(read_template(file))


def resolved(template: Template) -> Template:
    """The recipe with absolute paths, which other processes understand."""
    return replace(template, inputs={name: _at(given) for name, given in template.inputs.items()})


def _at(given: Input) -> Input:
    if isinstance(given, PictureFile):
        return PictureFile(given.file.resolve())
    return replace(given, files=tuple(file.resolve() for file in given.files))


def _maps(wanted: str) -> tuple[str, ...]:
    if wanted in ("all", "none"):
        return tuple(MAPS) if wanted == "all" else ()
    return tuple(name.strip() for name in wanted.split(","))


def _store(request: DataSetRequest) -> Store:
    """The store of the data set; a local folder is made, but not its parents.

    Raises
    ------
    FacelabError
        If it cannot be written, or lies within the photographs or they within it.
    """
    store = Store(request.output)
    if isinstance(store.files, LocalFileSystem):
        folder = Path(store.root).resolve()
        if request.faces is not None:
            _check_beside(folder, request)
        make_folder(folder)
        check_folder(folder)
    return store


def _check_beside(folder: Path, request: DataSetRequest) -> None:
    """Raise ``UsageError`` unless the data set and the photographs are in folders of their own."""
    assert request.faces is not None
    faces = request.faces.resolve()
    if folder.is_relative_to(faces) or faces.is_relative_to(folder):
        raise UsageError(
            f"{request.output}: the photographs of {request.faces} are in the way; "
            "give a folder beside them"
        )


def _hashes(given: Input) -> list[str]:
    return [file_sha256(file) for file in files_of(given)]


def matte_weights() -> dict[str, str]:
    """Name to sha256 of the weights of the person segmenter."""
    return {"selfie": weights.entry_of("selfie").sha256}


def class_weights() -> dict[str, str]:
    """Name to sha256 of the weights that tell what is around a photograph's face."""
    return {"multiclass": weights.entry_of("multiclass").sha256}


def head_weights() -> dict[str, str]:
    """Name to sha256 of the weights that heads are drawn with."""
    return {name: weights.entry_of(name).sha256 for name in (*WEIGHTS, OPENNESS)}


def _key(networks: Networks, used: Mapping[str, str]) -> str:
    """Digest of the networks and of facelab, so that no find is taken for another's."""
    said = json.dumps(
        {"facelab": facelab.__version__, **networks.said, "weights": used}, sort_keys=True
    )
    return hashlib.sha256(said.encode()).hexdigest()


def _own_cache() -> Path:
    return platformdirs.user_cache_path("facelab", appauthor=False) / "faces"


def _without_folders(template: Template) -> Mapping[str, object]:
    """The content of the recipe; where its files lie is nobody else's business."""
    if not template.inputs:
        return template.text
    described = describe(Recipe(inputs=template.inputs), lambda file: file.name)
    return {**template.text, "inputs": described["inputs"]}
