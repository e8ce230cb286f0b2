"""The mark inside a picture: XMP that says what it is (IPTC's DigitalSourceType and a sentence)."""

from __future__ import annotations

import re
from html import escape
from xml.dom import minidom

from facelab.images.xmp import RDF, parse_xmp

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
    f'<rdf:Description rdf:about="{{about}}" xmlns:rdf="{RDF}" xmlns:dc="{_DC}"'
    f' xmlns:Iptc4xmpExt="{_IPTC_EXTENSION}">'
    "<Iptc4xmpExt:DigitalSourceType>{source_type}</Iptc4xmpExt:DigitalSourceType>"
    '<dc:description><rdf:Alt><rdf:li xml:lang="x-default">{description}</rdf:li></rdf:Alt>'
    "</dc:description></rdf:Description></rdf:RDF></x:xmpmeta>"
)
_SPACES = str.maketrans({"\t": "&#9;", "\n": "&#10;", "\r": "&#13;"})  # else read as blanks
_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def mark(xmp: bytes | None, *, source_type: str, description: str) -> bytes:
    """Mark an XMP packet with what its image is.

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
        about=escape(about).translate(_SPACES),
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
