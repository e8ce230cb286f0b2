"""What of a folder is taken, and that everything else is counted."""

from __future__ import annotations

import os
from collections import Counter
from pathlib import Path

import numpy as np
import PIL.Image
import pytest

from facelab.errors import ImageError, UsageError
from facelab.export import NAMES, writer
from facelab.images import decoded, encoded, find_photographs, folder, formats, read
from facelab.images import metadata as metadata_module
from facelab.provenance import mark
from tests.exported import subject
from tests.pictures import SRGB, full_exif, integers, photo, small

JPEGS = ["a.JPG", "a.jpeg", "a.jpe", "a.jfif", "a.jif", "a.jfi"]
TAKEN = [*JPEGS, "a.png", "a.webp", "a.avif", "a.tif", "a.TIFF", "a.bmp", "a.dib", "a.gif"]


def touch(*paths):
    for path in paths:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"x")


def below(found, root):
    return [path.relative_to(root).as_posix() for path in found.photographs]


# --- What is taken -------------------------------------------------------------------------------


def test_suffixes_choose_whatever_their_case(tmp_path):
    touch(*(tmp_path / name for name in TAKEN))
    assert sorted(below(find_photographs(tmp_path), tmp_path)) == sorted(TAKEN)
    assert find_photographs(tmp_path).summary == ""


def test_everything_else_is_counted_by_kind(tmp_path):
    touch(*(tmp_path / name for name in ("a.jpg", "b.txt", "c.TXT", "d", ".e.jpg", "below/f.jpg")))
    (tmp_path / "gone.jpg").symlink_to(tmp_path / "nowhere.jpg")
    (tmp_path / "self.png").symlink_to(tmp_path / "self.png")
    os.mkfifo(tmp_path / "pipe.png")
    found = find_photographs(tmp_path)
    assert below(found, tmp_path) == ["a.jpg"]
    assert found.summary == (
        "8 not taken: 2 .txt, 2 broken links, 1 folder, 1 hidden, 1 special file, "
        "1 without a suffix"
    )


def test_a_suffix_that_cannot_be_said_in_a_line(tmp_path):
    touch(tmp_path / "a.jpg", tmp_path / "b.x\ny", tmp_path / f"c.{'z' * 99}")
    assert find_photographs(tmp_path).summary == "2 not taken: 2 other"


def test_a_link_to_a_photograph_is_one(tmp_path):
    touch(tmp_path / "there" / "a.jpg", tmp_path / "here" / "b.jpg")
    (tmp_path / "here" / "c.jpg").symlink_to(tmp_path / "there" / "a.jpg")
    assert below(find_photographs(tmp_path / "here"), tmp_path / "here") == ["b.jpg", "c.jpg"]


def test_a_folder_without_photographs_says_what_is_there(tmp_path):
    touch(tmp_path / "a.txt", tmp_path / "b" / "a.jpg")
    message = r"no photograph is in it \(2 not taken: 1 \.txt, 1 folder\); .*--recursive"
    with pytest.raises(UsageError, match=message) as caught:
        find_photographs(tmp_path)
    assert str(caught.value).startswith(f"{tmp_path}: ")


@pytest.mark.parametrize("name", ["nothing", "a.jpg"])
def test_no_folder(tmp_path, name):
    touch(tmp_path / "a.jpg")
    with pytest.raises(UsageError, match=f"{name}: cannot be listed"):
        find_photographs(tmp_path / name)


# --- Folders below -------------------------------------------------------------------------------


def test_folders_below_are_taken_if_asked_for(tmp_path):
    touch(*(tmp_path / name for name in ("z.jpg", "a/b/c.jpg", "a/b.txt", ".h/d.jpg", "a/e.jpg")))
    found = find_photographs(tmp_path, recursive=True)
    assert below(found, tmp_path) == ["a/b/c.jpg", "a/e.jpg", "z.jpg"]
    assert found.summary == "2 not taken: 1 .txt, 1 hidden"


def test_every_name_is_taken_or_counted(tmp_path):
    """Whatever lies in a tree: photographs and others are as many as names that are no folders."""
    rng = np.random.default_rng(5)
    ends = [".jpg", ".txt", "", ".png", ".json", ".Avif"]
    for _ in range(60):
        depth = rng.integers(0, 4)
        names = [f"{'.' * int(rng.random() < 0.1)}{rng.integers(3)}" for _ in range(depth)]
        touch(tmp_path.joinpath("root", *names, f"f{rng.integers(99)}{rng.choice(ends)}"))
    found = find_photographs(tmp_path / "root", recursive=True)
    wanted = Counter()
    for _, folders, files in os.walk(tmp_path / "root"):
        hidden = [name for name in folders if name.startswith(".")]
        wanted["others"] += len(hidden)
        folders[:] = [name for name in folders if name not in hidden]
        taken = [f for f in files if Path(f).suffix.lower() in (".jpg", ".png", ".avif")]
        wanted["photographs"] += len(taken)
        wanted["others"] += len(files) - len(taken)
    assert len(found.photographs) == wanted["photographs"]
    assert sum(found.others.values()) == wanted["others"]


def test_links_that_loop_end(tmp_path):
    touch(tmp_path / "root" / "a" / "x.jpg", tmp_path / "far" / "y.jpg")
    root = tmp_path / "root"
    for name, target in (
        ("up", root),
        ("twin", root / "a"),
        ("top", "/"),
        ("out", tmp_path / "far"),
    ):
        (root / name).symlink_to(target)
    (tmp_path / "far" / "back").symlink_to(root)
    (tmp_path / "far" / "again").symlink_to(tmp_path / "far")
    found = find_photographs(root, recursive=True)
    assert below(found, root) == ["a/x.jpg", "out/y.jpg"]
    assert found.others == {folder.LOOP: 5}


def test_the_output_folder_is_not_entered(tmp_path):
    touch(tmp_path / "a.jpg", tmp_path / "out" / "b.jpg")
    found = find_photographs(tmp_path, recursive=True, without=tmp_path / "out")
    assert below(found, tmp_path) == ["a.jpg"]
    assert found.summary == "1 not taken: 1 output folder"


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_folder_that_cannot_be_listed_is_counted(tmp_path):
    touch(tmp_path / "a.jpg", tmp_path / "shut" / "b.jpg")
    (tmp_path / "shut").chmod(0)
    assert find_photographs(tmp_path, recursive=True).others == {folder.UNREADABLE: 1}
    (tmp_path / "shut").chmod(0o700)


# --- What facelab wrote ---------------------------------------------------------------------------


def test_files_of_facelab_beside_photographs_are_not_photographs(tmp_path):
    touch(*(tmp_path / name for name in ("a.jpg", "a.jpg.json", "a_show.png", "b.json", "c.json")))
    for name in NAMES:
        writer(name)(subject(), tmp_path / "b_0")
    found = find_photographs(tmp_path)
    assert below(found, tmp_path) == ["a.jpg"]
    pictures = sorted(path.name for path in tmp_path.glob("b_0*.png"))
    assert len(pictures) == 9
    assert found.others[folder.OWN] == len(pictures) + 2


def test_names_alone_do_not_make_a_file_facelabs(tmp_path):
    names = ["a_0_overlay.png", "a_show.png", "holiday_2_map.png"]
    touch(*(tmp_path / name for name in names))
    assert below(find_photographs(tmp_path), tmp_path) == sorted(names)


# --- Formats -------------------------------------------------------------------------------------


@pytest.mark.parametrize("suffix", formats.WRITTEN)
def test_what_is_written_is_read_with_mark_and_profile(tmp_path, suffix):
    xmp = mark(None, source_type=f"{mark_type()}", description="A sentence.")
    image = small()
    image = type(image)(image.pixels, metadata=metadata_module.Metadata(icc=SRGB))
    (tmp_path / f"a{suffix}").write_bytes(encoded(f"a{suffix}", image, xmp=xmp))
    got = read(tmp_path / f"a{suffix}")
    assert got.metadata.format == formats.WRITTEN[suffix]
    assert got.metadata.icc == SRGB
    assert b"A sentence." in got.metadata.xmp
    assert np.abs(got.pixels - image.pixels).mean() < 2 / 255


def mark_type():
    return "http://cv.iptc.org/newscodes/digitalsourcetype/compositeCapture"


@pytest.mark.parametrize(("plugin", "suffix"), [("BMP", ".jpg"), ("GIF", ".png"), ("AVIF", ".gif")])
def test_the_content_tells_the_format_not_the_suffix(tmp_path, plugin, suffix):
    options = {"quality": 100, "subsampling": "4:4:4"} if plugin == "AVIF" else {}
    path = tmp_path / f"a{suffix}"
    PIL.Image.fromarray(photo() // 64 * 64).quantize(64).convert("RGB").save(
        path, plugin, **options
    )
    with PIL.Image.open(path) as file:
        wanted = np.asarray(file.convert("RGB"), np.float32) / 255
    got = read(path)
    assert got.metadata.format == plugin
    np.testing.assert_allclose(got.pixels, wanted, atol=1e-6)


@pytest.mark.parametrize("plugin", ["GIF", "PNG", "WEBP", "AVIF", "TIFF"])
def test_of_several_frames_the_first_is_read(tmp_path, plugin):
    frames = [PIL.Image.new("RGB", (8, 6), colour) for colour in ("#ff0000", "#00ff00", "#0000ff")]
    frames[0].save(tmp_path / "a", plugin, save_all=True, append_images=frames[1:])
    got = read(tmp_path / "a")
    assert got.notes == ("only its first frame is read",)
    np.testing.assert_allclose(got.pixels[3, 4], [1, 0, 0], atol=0.03)


def test_a_gif_may_be_transparent(tmp_path):
    picture = PIL.Image.fromarray(np.uint8([[0, 1], [1, 0]]), "P")
    picture.putpalette([255, 0, 0, 0, 0, 255])
    picture.save(tmp_path / "a.gif", transparency=1)
    np.testing.assert_array_equal(read(tmp_path / "a.gif").alpha, [[1, 0], [0, 1]])


@pytest.mark.parametrize("turn", range(1, 9))
def test_avif_is_read_upright(tmp_path, turn):
    exif = PIL.Image.Exif()
    exif[274] = turn
    picture = PIL.Image.fromarray(photo(64, 96))
    picture.save(tmp_path / "a.avif", exif=exif.tobytes(), quality=95)
    picture.save(tmp_path / "a.jpg", exif=exif.tobytes(), quality=95)
    wanted, got = read(tmp_path / "a.jpg"), read(tmp_path / "a.avif")
    assert got.pixels.shape == wanted.pixels.shape
    assert np.abs(got.pixels - wanted.pixels).mean() < 3 / 255


def test_avif_keeps_alpha_and_exif(tmp_path):
    image = small()
    alpha = np.linspace(0, 1, image.pixels[..., 0].size, dtype=np.float32)
    exif = full_exif()
    exif[274] = 1
    about = metadata_module.Metadata(exif=exif.tobytes())
    image = type(image)(image.pixels, alpha.reshape(image.pixels.shape[:2]), metadata=about)
    got = decoded("a.avif", encoded("a.avif", image))
    np.testing.assert_allclose(got.alpha, image.alpha, atol=2 / 255)
    assert got.metadata.exif is not None


def test_bits_that_are_lost_are_said():
    head = b"\0\0\0\x1cftypavif\0\0\0\0avifmif1" + b"pixi\0\0\0\0\x03\x0a\x0a\x0a"
    said = metadata_module.container_notes
    assert said(head) == ["8 of its 10 bits are read"]
    assert said(head.replace(b"\x0a", b"\x08")) == []
    assert said(b"\xff\xd8" + head) == []


# --- HEIC, which an optional package reads -------------------------------------------------------

HEIC = b"\0\0\0\x18ftypheic\0\0\0\0mif1heic" + bytes(40)


def test_heic_without_the_package_says_what_to_install(tmp_path, monkeypatch):
    monkeypatch.setattr(formats, "find_spec", lambda _: None)
    (tmp_path / "a.heic").write_bytes(HEIC)
    with pytest.raises(ImageError, match=r"a\.heic: HEIC needs pillow-heif.*facelab\[heic\]"):
        read(tmp_path / "a.heic")
    touch(tmp_path / "b.jpg", tmp_path / "c.HEIF")
    found = find_photographs(tmp_path)
    assert below(found, tmp_path) == ["b.jpg"]
    assert found.summary == (
        "2 not taken: 1 .heic, 1 .heif; pip install 'facelab[heic]' to read HEIC"
    )


def test_heic_is_read_by_the_package_where_it_is(tmp_path, monkeypatch):
    class HeifImageFile(formats.PngImagePlugin.PngImageFile):
        """Stands for pillow-heif's: gives a picture of its own whatever the file holds."""

        def __init__(self, fp):
            assert fp.read() == HEIC
            path = tmp_path / "inside"
            PIL.Image.fromarray(integers(6, 8, 3)).save(path, "PNG")
            super().__init__(path)

    module = type(os)("pillow_heif")
    module.HeifImageFile = HeifImageFile
    monkeypatch.setitem(__import__("sys").modules, "pillow_heif", module)
    monkeypatch.setattr(formats, "find_spec", lambda _: True)
    (tmp_path / "a.heic").write_bytes(HEIC)
    assert read(tmp_path / "a.heic").pixels.shape == (6, 8, 3)
    assert find_photographs(tmp_path).photographs == (tmp_path / "a.heic",)


@pytest.mark.parametrize(("brands", "reader"), [
    (b"avif\0\0\0\0mif1miaf", "AvifImageFile"),
    (b"mif1\0\0\0\0avifmiaf", "AvifImageFile"),
    (b"mif1\0\0\0\0heicmiaf", None),
    (b"heix\0\0\0\0mif1heic", None),
    (b"mp42\0\0\0\0isomavc1", None),
])  # fmt: skip
def test_brands_tell_avif_from_heic(monkeypatch, brands, reader):
    monkeypatch.setattr(formats, "find_spec", lambda _: None)
    data = (8 + len(brands)).to_bytes(4, "big") + b"ftyp" + brands
    found = formats.reader_of(data)
    assert (found and found.__name__) == reader
    if reader is None:
        assert ("HEIC" in formats.unread(data)) == (b"hei" in brands)
