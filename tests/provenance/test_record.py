from __future__ import annotations

import hashlib
import json
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree as ET

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from facelab.errors import OutputError, UsageError
from facelab.images import Image, read, write
from facelab.provenance import (
    COMPOSITE_CAPTURE,
    CONSENT,
    Record,
    describe_input,
    mark,
    record_path,
    software_versions,
    write_record,
)
from tests.pictures import NAMES, XMP

SENTENCE = "A face in this image was swapped with facelab."


def parsed(packet):
    return ET.fromstring(packet.decode())


def source_types(root):
    name = f"{{{NAMES['ext']}}}DigitalSourceType"
    as_attributes = [node.get(name) for node in root.iter() if node.get(name)]
    return [node.text for node in root.iter(name)] + as_attributes


def captions(root):
    items = root.findall(".//dc:description/rdf:Alt/rdf:li", NAMES)
    language = "{http://www.w3.org/XML/1998/namespace}lang"
    return {item.get(language): item.text for item in items}


def marked(packet, description=SENTENCE):
    return mark(packet, source_type=COMPOSITE_CAPTURE, description=description)


def test_fresh_mark():
    packet = marked(None)
    root = parsed(packet)
    assert source_types(root) == ["http://cv.iptc.org/newscodes/digitalsourcetype/compositeCapture"]
    assert captions(root) == {"x-default": SENTENCE}
    assert packet.startswith('<?xpacket begin="\ufeff"'.encode())
    assert packet.endswith(b'<?xpacket end="w"?>')


def test_mark_keeps_the_incoming_packet():
    root = parsed(marked(XMP))
    assert source_types(root) == [COMPOSITE_CAPTURE]
    assert captions(root) == {"x-default": f"{SENTENCE} A & B", "de": "Bild"}
    assert [li.text for li in root.findall(".//dc:creator/rdf:Seq/rdf:li", NAMES)] == ["Someone"]
    descriptions = root.findall(".//rdf:Description", NAMES)
    assert descriptions[0].get(f"{{{NAMES['xmp']}}}Rating") == "4"
    assert descriptions[0].get("{urn:not-dublin-core}description") == "kept"
    about = f"{{{NAMES['rdf']}}}about"
    assert {node.get(about) for node in descriptions} == {"uuid:1"}


@pytest.mark.parametrize("packet", [None, XMP])
def test_marking_twice_changes_nothing_more(packet):
    once = marked(packet)
    assert captions(parsed(marked(once))) == captions(parsed(once))
    assert source_types(parsed(marked(once))) == [COMPOSITE_CAPTURE]


BOMB = b'<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]>' + XMP[
    XMP.index(b"<x:") :
].replace(b"Someone", b"&b;")
EXTERNAL = b'<!DOCTYPE x SYSTEM "file:///etc/hostname">' + XMP[XMP.index(b"<x:") :]
NESTED = b"<x>" * 20000 + b"</x>" * 20000


@pytest.mark.parametrize(
    "packet",
    [
        b"",
        b"<broken",
        b"\xff\xfe\x00",
        b"<x/>",
        BOMB,
        EXTERNAL,
        NESTED,
        EXTERNAL.decode().encode("utf-16"),
    ],
)
def test_unusable_packets_are_replaced(packet):
    assert marked(packet) == marked(None)


def test_padding_and_trailing_nulls_are_no_damage():
    assert captions(parsed(marked(XMP + b"  \n\0")))["de"] == "Bild"


@given(st.text(st.characters(exclude_categories=["Cc", "Cn", "Cs"]), min_size=1, max_size=20))
def test_any_description_is_read_back_as_it_is(text):
    assert captions(parsed(marked(None, text))) == {"x-default": text}
    assert text in captions(parsed(marked(XMP, text)))["x-default"]


def test_characters_that_xml_forbids_are_replaced():
    assert captions(parsed(marked(None, "a\0b\ud800")))["x-default"] == "a\ufffdb\ufffd"


def test_source_type_must_be_of_the_vocabulary():
    with pytest.raises(ValueError, match=r"must start with http://cv\.iptc\.org.*got composite"):
        mark(None, source_type="compositeCapture", description="x")


@pytest.mark.parametrize("suffix", [".jpg", ".png", ".webp", ".tif"])
def test_mark_is_read_back_from_every_format(tmp_path, suffix):
    image = Image(np.full((4, 5, 3), 0.5, np.float32))
    write(tmp_path / f"out{suffix}", image, xmp=marked(None))
    assert captions(parsed(read(tmp_path / f"out{suffix}").metadata.xmp)) == {"x-default": SENTENCE}


# ----------------------------------------------------------------------------------------- record


@pytest.fixture
def picture(tmp_path):
    path = tmp_path / "out.png"
    write(path, Image(np.full((4, 5, 3), 0.5, np.float32)))
    return path


def a_record(picture, **changes):
    fields = {
        "recipe": {"command": "swap", "blend": "poisson", "tone": 0.5},
        "inputs": (describe_input(picture, "target", read(picture)),),
        "weights": {"facemesh": "ab" * 32},
        "consent": "written",
        "notes": ("a note",),
    }
    return Record(**{**fields, **changes})


def test_record_says_how_the_image_was_made(picture):
    path = write_record(picture, a_record(picture, seed=7))
    assert path == record_path(picture) == picture.with_name(f"{picture.name}.json")
    digest = hashlib.sha256(picture.read_bytes()).hexdigest()
    assert json.loads(path.read_text()) == {
        "recipe": {"command": "swap", "blend": "poisson", "tone": 0.5},
        "inputs": [
            {"file": "out.png", "role": "target", "sha256": digest, "width": 5, "height": 4}
        ],
        "weights": {"facemesh": "ab" * 32},
        "versions": software_versions(),
        "seed": 7,
        "consent": "written",
        "output": {"file": "out.png", "sha256": digest},
        "notes": ["a note"],
    }


def test_record_is_deterministic_and_sorted(picture):
    first = write_record(picture, a_record(picture)).read_bytes()
    turned = {"tone": 0.5, "blend": "poisson", "command": "swap"}
    assert write_record(picture, a_record(picture, recipe=turned)).read_bytes() == first
    keys = list(json.loads(first))
    assert keys == sorted(keys)
    assert first.endswith(b"}\n")


@pytest.mark.parametrize("consent", CONSENT)
def test_every_consent_is_accepted(picture, consent):
    assert a_record(picture, consent=consent).consent == consent


def test_unknown_consent_lists_the_choices(picture):
    with pytest.raises(UsageError, match=r"consent: 'maybe' is unknown; use one of self, written"):
        a_record(picture, consent="maybe")


def test_record_of_an_image_that_is_not_there(tmp_path, picture):
    with pytest.raises(OutputError, match=r"gone\.png: cannot be hashed"):
        write_record(tmp_path / "gone.png", a_record(picture))
    assert not (tmp_path / "gone.jpg.json").exists()


def test_record_into_a_full_disk_leaves_nothing_behind(picture, monkeypatch):
    def fail(self, data):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", fail)
    with pytest.raises(OutputError, match="free some space"):
        write_record(picture, a_record(picture))
    assert [path.name for path in picture.parent.iterdir()] == ["out.png"]


def test_versions_name_what_results_depend_on_without_loading_torch():
    script = (
        "import sys; from facelab.provenance import software_versions\n"
        "assert list(software_versions()) == "
        "['facelab', 'numpy', 'onnxruntime', 'opencv', 'pillow', 'python', 'scipy', 'torch']\n"
        "sys.exit('torch' in sys.modules)"
    )
    root = Path(__file__).parents[2]
    assert subprocess.run([sys.executable, "-c", script], cwd=root, check=False).returncode == 0
