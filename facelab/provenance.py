"""What a written image says about itself: a mark inside it and a record beside it."""

from __future__ import annotations

import hashlib
import importlib.metadata
import json
import platform
import re
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from xml.dom import minidom
from xml.sax.saxutils import escape, quoteattr

import cv2
import numpy as np

import facelab
from facelab import plugins
from facelab.errors import OutputError, UsageError
from facelab.files import StrPath, open_regular
from facelab.images import Image, write_bytes_atomically
from facelab.images.xmp import RDF, parse_xmp

CONSENT = ("self", "written", "licensed", "synthetic", "public-domain", "unspecified")
"""What the user can say about the consent of the people shown."""

DIGITAL_SOURCE_TYPES = "http://cv.iptc.org/newscodes/digitalsourcetype/"
"""The vocabulary that a mark's source type comes from."""

COMPOSITE_CAPTURE = DIGITAL_SOURCE_TYPES + "compositeCapture"
"""Source type of an image composed of several photographs."""

ENHANCED = DIGITAL_SOURCE_TYPES + "algorithmicallyEnhanced"
"""Source type of one photograph that was changed by algorithms: pixels moved, toned or drawn on."""

DATA_DRIVEN = DIGITAL_SOURCE_TYPES + "dataDrivenMedia"
"""Source type of a picture of numbers: depth, normals and the like."""

_DC = "http://purl.org/dc/elements/1.1/"
_IPTC_EXTENSION = "http://iptc.org/std/Iptc4xmpExt/2008-02-29/"

_PACKET = (
    '<?xpacket begin="\N{ZERO WIDTH NO-BREAK SPACE}" id="W5M0MpCehiHzreSzNTczkc9d"?>\n'
    '{}\n<?xpacket end="w"?>'
)
_MARK = (
    '<x:xmpmeta xmlns:x="adobe:ns:meta/">'
    f'<rdf:RDF xmlns:rdf="{RDF}">'
    f'<rdf:Description rdf:about={{about}} xmlns:rdf="{RDF}" xmlns:dc="{_DC}"'
    f' xmlns:Iptc4xmpExt="{_IPTC_EXTENSION}">'
    "<Iptc4xmpExt:DigitalSourceType>{source_type}</Iptc4xmpExt:DigitalSourceType>"
    '<dc:description><rdf:Alt><rdf:li xml:lang="x-default">{description}</rdf:li></rdf:Alt>'
    "</dc:description></rdf:Description></rdf:RDF></x:xmpmeta>"
)
_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def mark(xmp: bytes | None, *, source_type: str, description: str) -> bytes:
    """Say in an XMP packet what an image is.

    Sets ``Iptc4xmpExt:DigitalSourceType`` (IPTC Photo Metadata Standard 2023.1) and puts
    `description` before what ``dc:description`` said, once. Everything else in the incoming packet
    is kept. A packet that is not well-formed, or has a DTD, is replaced; `facelab.images.read`
    has already noted its loss.

    Parameters
    ----------
    xmp : bytes or None
        The image's XMP packet so far.
    source_type : str
        Full URI of a term of the IPTC vocabulary, such as `COMPOSITE_CAPTURE`.
    description : str
        A sentence for people.

    Returns
    -------
    bytes
        The new packet, UTF-8.

    Raises
    ------
    ValueError
        If `source_type` is not a URI of that vocabulary.
    """
    if not source_type.startswith(DIGITAL_SOURCE_TYPES):
        raise ValueError(f"source_type must start with {DIGITAL_SOURCE_TYPES}, got {source_type}")
    description = _NOT_XML.sub("\N{REPLACEMENT CHARACTER}", description)
    incoming = parse_xmp(xmp) if xmp else None
    if incoming is None:
        document = _marked("", source_type, description)
    else:
        document = _merged(incoming, source_type, description)
    assert document.documentElement is not None
    return _PACKET.format(document.documentElement.toxml()).encode()


def composite(consent: str) -> str:
    """The source type of an image composed of several, by what is said of its people's consent.

    By the definitions of the vocabulary: the pixels are those of photographs, moved and toned, and
    no trained model drew any (compositeWithTrainedAlgorithmicMedia). That is a composite of
    captures, unless the user says that the people were not captured from real life.
    """
    synthetic = DIGITAL_SOURCE_TYPES + "compositeSynthetic"
    return synthetic if consent == "synthetic" else COMPOSITE_CAPTURE


def _marked(about: str, source_type: str, description: str) -> minidom.Document:
    """Return a packet that holds the mark and nothing else."""
    text = _MARK.format(
        about=quoteattr(about),
        source_type=escape(source_type),
        description=escape(description),
    )
    return minidom.parseString(text.encode())


def _merged(document: minidom.Document, source_type: str, description: str) -> minidom.Document:
    """Add the mark to the incoming packet, a document of ours to change, and return it."""
    rdf = document.getElementsByTagNameNS(RDF, "RDF")[0]
    about = ""
    alternatives: list[minidom.Element] = []
    for node in _children(rdf, RDF, "Description"):
        about = about or node.getAttributeNS(RDF, "about")
        _remove(node, _IPTC_EXTENSION, "DigitalSourceType")
        for element in _remove(node, _DC, "description"):
            alternatives += element.getElementsByTagNameNS(RDF, "li")
    default = [li for li in alternatives if li.getAttribute("xml:lang") in ("", "x-default")]
    caption = " ".join(_text(li) for li in default)
    if description not in caption:
        caption = f"{description} {caption}" if caption else description
    addition = _marked(about, source_type, caption)
    for li in alternatives:
        if li not in default:  # another language
            addition.getElementsByTagNameNS(RDF, "Alt")[0].appendChild(li)
    rdf.appendChild(addition.getElementsByTagNameNS(RDF, "Description")[0])
    return document


def _remove(node: minidom.Element, namespace: str, name: str) -> list[minidom.Element]:
    """Take a property off an rdf:Description, in both forms RDF has; return its elements."""
    if node.hasAttributeNS(namespace, name):
        node.removeAttributeNS(namespace, name)
    found = _children(node, namespace, name)
    for child in found:
        node.removeChild(child)
    return found


def _children(node: minidom.Element, namespace: str, name: str) -> list[minidom.Element]:
    return [
        child
        for child in node.childNodes
        if isinstance(child, minidom.Element)
        and (child.namespaceURI, child.localName) == (namespace, name)
    ]


def _text(node: minidom.Element) -> str:
    return "".join(child.data for child in node.childNodes if isinstance(child, minidom.Text))


@dataclass(frozen=True)
class Input:
    """A file that went into an image.

    Attributes
    ----------
    file : str
        Its name, without the folder, which is nobody else's business.
    role : str
        What it served as, such as ``"source"`` or ``"target"``.
    sha256 : str
        Of the whole file.
    width, height : int
        Its size as displayed, in pixels.
    """

    file: str
    role: str
    sha256: str
    width: int
    height: int


def describe_input(path: StrPath, role: str, image: Image) -> Input:
    """Describe an input file for the record; `image` is what was read from it."""
    height, width = image.pixels.shape[:2]
    sha256 = image.origin.sha256 if image.origin else file_sha256(path)
    return Input(Path(path).name, role, sha256, width, height)


def file_sha256(path: StrPath) -> str:
    """Hash a file's content, in lower-case hexadecimal digits."""
    with open_regular(path) as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def software_versions() -> dict[str, str]:
    """Versions of what an image depends on, by name; torch is not loaded for it."""
    return {
        "facelab": facelab.__version__,
        "numpy": np.__version__,
        "opencv": cv2.__version__,
        "pillow": importlib.metadata.version("pillow"),
        "python": platform.python_version(),
        "scipy": importlib.metadata.version("scipy"),
        "torch": importlib.metadata.version("torch"),
    }


def edit_versions(recipe: Mapping[str, object]) -> dict[str, str]:
    """Versions of the other packages whose edits a recipe, or what holds one, has for steps."""
    inner, steps = recipe.get("recipe"), recipe.get("steps")
    if isinstance(inner, Mapping):
        return edit_versions(inner)
    names = [name for step in steps for name in _names(step)] if isinstance(steps, list) else []
    return plugins.versions(names)


def _names(step: object) -> Iterable[str]:
    return step if isinstance(step, Mapping) else [str(step)]


@dataclass(frozen=True)
class Record:
    """How an image was made: enough to make it again, and nothing that identifies a face.

    Attributes
    ----------
    recipe : mapping
        The command or recipe and its settings, made of what JSON can hold.
    inputs : tuple of Input
        The files that went into it.
    weights : mapping of str to str
        Name of each network to the sha256 of its weights.
    seed : int or None
        Seed of the sampled parameters, if there were any.
    consent : str
        One of `CONSENT`.
    notes : tuple of str
        What could not be kept or done.
    versions : mapping of str to str
        Of the software, see `software_versions`; those of `edit_versions` are added.

    Raises
    ------
    UsageError
        If `consent` is none of `CONSENT`.
    """

    recipe: Mapping[str, object]
    inputs: tuple[Input, ...]
    weights: Mapping[str, str]
    seed: int | None = None
    consent: str = "unspecified"
    notes: tuple[str, ...] = ()
    versions: Mapping[str, str] = field(default_factory=software_versions)

    def __post_init__(self) -> None:
        if self.consent not in CONSENT:
            raise UsageError(
                f"consent: {self.consent!r} is unknown; use one of {', '.join(CONSENT)}"
            )
        own = edit_versions(self.recipe)
        object.__setattr__(self, "versions", {**own, **self.versions})


def record_path(image_path: StrPath) -> Path:
    """Path of the record that belongs to an image: ``out.jpg`` has ``out.jpg.json``."""
    path = Path(image_path)
    return path.with_name(f"{path.name}.json")


def write_record(image_path: StrPath, record: Record) -> Path:
    """Write the record of an image beside it.

    The same image and record give the same bytes: keys are sorted and there is no time in it.

    Parameters
    ----------
    image_path : path
        The image, already written; its name and sha256 go into the record.
    record : Record
        How it was made.

    Returns
    -------
    Path
        The file written, `record_path`.

    Raises
    ------
    OutputError
        If the image is not there or the record cannot be written.
    """
    try:
        output = {"file": Path(image_path).name, "sha256": file_sha256(image_path)}
    except OSError as error:
        raise OutputError(
            f"{image_path}: cannot be hashed for its record ({error.strerror}); write it again"
        ) from error
    content = {**asdict(record), "output": output}
    text = json.dumps(content, indent=2, sort_keys=True, allow_nan=False)
    path = record_path(image_path)
    write_bytes_atomically(path, (text + "\n").encode())
    return path
