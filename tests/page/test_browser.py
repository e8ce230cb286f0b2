"""The page in a real browser: every flow clicked through, by mouse and by keyboard.

Needs Playwright and a Chromium of the system; axe-core, which tells what is not accessible, comes
by npm. What is not there is skipped.
"""

from __future__ import annotations

import io
import os
import shutil
import signal
import subprocess

import PIL.Image
import pytest

from facelab import read_recipe
from tests.page.serving import SAMPLES, Served

sync = pytest.importorskip("playwright.sync_api", reason="Playwright is not installed")

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser"))), None)
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium (apt: chromium)")
SIZES = {"wide": (1440, 900), "half": (900, 700), "phone": (390, 844)}
AXE = "axe-core@4.14.1"


@pytest.fixture(scope="module")
def chromium():
    with sync.sync_playwright() as started:
        browser = started.chromium.launch(
            executable_path=CHROMIUM, args=["--no-sandbox", "--enable-unsafe-swiftshader"]
        )
        yield browser
        browser.close()


@pytest.fixture
def context(chromium):
    made = chromium.new_context(viewport={"width": 1280, "height": 800}, bypass_csp=False)
    made.set_default_timeout(60_000)
    yield made
    made.close()


@pytest.fixture
def visit(context, served):
    """Opens pages, and holds them to no error and no request that leaves the machine."""
    wrong = []

    def opened(address=None):
        page = context.new_page()
        page.on("console", lambda said: wrong.append(said.text) if said.type == "error" else None)
        page.on("pageerror", lambda error: wrong.append(str(error)))
        local = ("http://127.0.0.1:", "blob:", "data:")
        page.on("request", lambda asked: asked.url.startswith(local) or wrong.append(asked.url))
        page.goto(address or served.address)
        page.wait_for_selector(".strip", state="attached")
        return page

    opened.wrong = wrong
    yield opened
    assert wrong == []


@pytest.fixture(autouse=True)
def emptied(request):
    """Each test begins without photographs."""
    if "served" in request.fixturenames:
        served = request.getfixturevalue("served")
        for one in served.ask("GET", "photographs").json:
            served.ask("DELETE", f"photographs/{one['id']}")


def give(page, *names):
    page.set_input_files("header input[type=file]", [SAMPLES / name for name in names])
    page.wait_for_selector(f".thumb >> nth={len(names) - 1}")
    page.wait_for_selector(".waiting", state="detached")


def drawn(page, before=""):
    """The picture that is shown once it is not `before`."""
    page.wait_for_selector(f'img.after[src^="blob:"]:not([src="{before}"])')
    return page.get_attribute("img.after", "src")


def add(page, name):
    page.get_by_role("searchbox", name="Find an edit").fill(name)
    page.locator(".card:visible").get_by_text(name, exact=True).click()
    page.get_by_role("searchbox", name="Find an edit").fill("")


def names(page):
    return page.locator(".step .name > span:first-child").all_text_contents()


def command(page, part):
    page.wait_for_selector(f".command code:has-text({part!r})")
    return page.text_content(".command code")


def test_edits_are_added_changed_ordered_undone_and_saved(visit, tmp_path):
    page = visit()
    give(page, "astronaut.png")
    add(page, "Lipstick")
    first = drawn(page)
    page.get_by_role("slider", name="Strength").fill("0.4")
    second = drawn(page, first)
    assert "lipstick strength=0.4" in command(page, "strength=0.4")
    page.get_by_label("Finish").select_option("gloss")
    drawn(page, second)
    add(page, "Smooth")
    assert names(page) == ["Lipstick", "Smooth"]
    page.get_by_role("button", name="Move Smooth:").press("ArrowUp")
    assert names(page) == ["Smooth", "Lipstick"]
    page.get_by_role("button", name="Move Smooth:").drag_to(
        page.locator(".step >> nth=1"), target_position={"x": 60, "y": 36}
    )
    assert names(page) == ["Lipstick", "Smooth"]
    page.keyboard.press("Control+z")
    assert names(page) == ["Smooth", "Lipstick"]
    page.keyboard.press("Control+Shift+z")
    assert names(page) == ["Lipstick", "Smooth"]
    page.get_by_role("button", name="Remove Smooth").click()
    page.wait_for_selector(".command code:has-text('gloss'):not(:has-text('smooth'))")

    page.get_by_role("button", name="Recipe", exact=True).click()
    assert "finish: gloss" in page.text_content("dialog .yaml")
    with page.expect_download() as got:
        page.get_by_role("button", name="Save recipe").click()
    assert got.value.suggested_filename == "recipe.yaml"
    page.keyboard.press("Escape")

    page.get_by_role("button", name="Save", exact=True).click()
    page.locator("dialog").get_by_label("By what right").select_option("public-domain")
    with page.expect_download() as got:
        page.get_by_role("button", name="Draw and save").click()
    got.value.save_as(tmp_path / "saved.png")
    assert b"algorithmicallyEnhanced" in (tmp_path / "saved.png").read_bytes()
    page.wait_for_selector("dialog .files li >> nth=1")


def test_looks_compare_and_zoom_to_pixels(visit):
    page = visit()
    give(page, "mona-lisa.jpg")
    page.get_by_role("button", name="Evening make-up").click()
    drawn(page)
    assert len(names(page)) == len(read_recipe("make-up-evening").steps)
    page.get_by_role("button", name="Compare").click()
    page.get_by_role("slider", name="Between before and after").fill("80")
    clipped = page.locator("img.after").evaluate("shown => shown.style.clipPath")
    assert clipped != "inset(0px 0px 0px 0px)"
    page.locator(".view").press("1")
    assert page.text_content(".percent") == "100 %"
    page.locator(".view").press("0")
    assert page.text_content(".percent") != "100 %"


def test_a_swap_by_dragging_and_by_keyboard(visit):
    page = visit()
    give(page, "mona-lisa.jpg", "astronaut.png", "james-left.jpg")
    page.locator(".thumb").first.click()
    page.get_by_role("tab", name="Swap").click()
    page.locator(".person").first.drag_to(page.locator(".face-box"))
    first = drawn(page)
    assert "facelab swap -s astronaut.png -t mona-lisa.jpg" in command(page, "-s astronaut")
    page.get_by_role("button", name="Put the face of james-left.jpg in").press("Enter")
    second = drawn(page, first)
    assert "-s james-left.jpg" in command(page, "james")
    page.get_by_role("slider", name="Shape").fill("0.2")
    drawn(page, second)
    assert "--shape 0.2" in command(page, "shape")
    page.get_by_role("button", name="Leave face 1 as it is").click()
    page.wait_for_selector("text=Nobody is swapped yet.")


def test_a_face_is_seen_and_its_mesh_turned(visit):
    page = visit()
    give(page, "astronaut.png")
    page.get_by_role("tab", name="See").click()
    page.wait_for_selector(".numbers td")
    for view in ("Depth", "Parts"):
        page.get_by_role("radio", name=view, exact=True).check()
        page.wait_for_selector('img.after[src*="/view/"]')
    page.get_by_role("radio", name="Texture", exact=True).check()
    page.wait_for_selector("img.other")
    page.get_by_role("radio", name="Mesh to turn", exact=True).check()
    page.wait_for_selector("canvas.other, .status:has-text('WebGL')")
    mesh = page.locator("canvas.other")
    if mesh.count():
        before = mesh.screenshot()
        mesh.press("ArrowRight")
        assert mesh.screenshot() != before
    with page.expect_download() as got:
        page.get_by_role("button", name="Download").click()
    assert got.value.suggested_filename == "astronaut-facelab.zip"


def test_a_batch_goes_on_after_what_fails(visit, tmp_path):
    page = visit()
    give(page, "astronaut.png")
    page.get_by_role("tab", name="Batch").click()
    page.wait_for_selector("text=No photographs are chosen.")
    page.get_by_role("tab", name="Edit").click()
    add(page, "Lipstick")
    drawn(page)
    page.get_by_role("tab", name="Batch").click()
    (tmp_path / "broken.jpg").write_bytes(b"no picture")
    files = [SAMPLES / "mona-lisa.jpg", tmp_path / "broken.jpg", SAMPLES / "astronaut.png"]
    page.locator("input[aria-label='Choose files']").set_input_files(files)
    page.get_by_role("button", name="Start").click()
    page.wait_for_selector("text=2 of 3 done, 1 failed")
    assert "broken.jpg" in page.text_content(".failures")
    assert page.locator(".sheet figcaption").all_text_contents() == [
        "mona-lisa.jpg",
        "astronaut.png",
    ]
    assert page.locator(".thumb").count() == 1
    visit.wrong[:] = [text for text in visit.wrong if "Failed to load resource" not in text]


def test_work_outlives_a_reload_and_tabs_have_their_own(visit):
    page = visit()
    give(page, "astronaut.png")
    add(page, "Blush")
    drawn(page)
    other = visit()
    other.wait_for_selector(".thumb")
    assert names(other) == []
    add(other, "Freckles")
    drawn(other)
    page.reload()
    page.wait_for_selector(".thumb")
    drawn(page)
    assert names(page) == ["Blush"]
    assert names(other) == ["Freckles"]


def test_what_is_broken_or_shows_no_face_is_said(visit, tmp_path):
    page = visit()
    (tmp_path / "broken.jpg").write_bytes(b"\xff\xd8 no more")
    PIL.Image.new("RGB", (80, 60), "grey").save(tmp_path / "grey.png")
    page.set_input_files(
        "header input[type=file]", [tmp_path / "broken.jpg", tmp_path / "grey.png"]
    )
    page.wait_for_selector(".notice:has-text('broken.jpg')")
    page.wait_for_selector(".status:has-text('No face was found')")
    page.get_by_role("button", name="Dismiss").click()
    visit.wrong[:] = [text for text in visit.wrong if "Failed to load resource" not in text]


def test_a_large_photograph(visit, tmp_path):
    """48 megapixels, of which the page shows what fits."""
    with PIL.Image.open(SAMPLES / "astronaut.png") as small:
        small.resize((6900, 6900)).save(tmp_path / "large.jpg", quality=80)
    page = visit()
    page.set_input_files("header input[type=file]", tmp_path / "large.jpg")
    page.wait_for_selector(".thumb")
    add(page, "Lipstick")
    drawn(page)
    assert page.locator("img.after").evaluate("shown => shown.naturalWidth") == 800
    page.locator(".view").press("1")
    page.wait_for_selector("img.detail:not([hidden])")


def test_a_connection_that_is_lost_is_said_and_found_again(visit, tmp_path):
    with Served(tmp_path) as short:
        page = visit(short.address)
        page.set_input_files("header input[type=file]", SAMPLES / "astronaut.png")
        page.wait_for_selector(".thumb")
        os.kill(short.process.pid, signal.SIGSTOP)
        page.context.set_offline(True)
        add(page, "Lipstick")
        page.wait_for_selector(".lost:not([hidden])")
        os.kill(short.process.pid, signal.SIGCONT)
        page.context.set_offline(False)
        page.wait_for_selector(".lost", state="hidden")
        drawn(page)
        page.close()
    visit.wrong[:] = [text for text in visit.wrong if "ERR_" not in text]


@pytest.fixture(scope="module")
def axe(tmp_path_factory):
    folder = tmp_path_factory.mktemp("axe")
    npm = shutil.which("npm")
    if npm is None:
        pytest.skip("there is no npm to fetch axe-core")
    done = subprocess.run(
        [npm, "install", "--no-audit", "--no-fund", "--ignore-scripts", AXE],
        cwd=folder, capture_output=True, text=True,
    )  # fmt: skip
    if done.returncode:
        pytest.skip("npm cannot fetch axe-core")
    return (folder / "node_modules/axe-core/axe.min.js").read_text(encoding="utf-8")


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("size", SIZES)
def test_it_is_accessible_and_fits_in_every_size(visit, axe, size, theme):
    page = visit()
    width, height = SIZES[size]
    page.set_viewport_size({"width": width, "height": height})
    page.emulate_media(color_scheme=theme)

    def hold():
        wide = page.evaluate("() => document.documentElement.scrollWidth")
        assert wide <= width
        page.evaluate(axe)
        found = page.evaluate("() => axe.run(document, { resultTypes: ['violations'] })")
        assert [
            (one["id"], [node["target"] for node in one["nodes"]]) for one in found["violations"]
        ] == []
        with PIL.Image.open(io.BytesIO(page.screenshot())) as picture:
            assert picture.size == (width, height)

    hold()
    give(page, "mona-lisa.jpg", "astronaut.png")
    add(page, "Lipstick")
    add(page, "Tone")
    drawn(page)
    page.get_by_role("button", name="Compare").click()
    hold()
    page.get_by_role("button", name="Save", exact=True).click()
    hold()
    page.keyboard.press("Escape")
    page.get_by_role("tab", name="Swap").click()
    page.locator(".person").first.click()
    page.wait_for_selector(".pair")
    hold()
    page.get_by_role("tab", name="See").click()
    page.wait_for_selector(".numbers td")
    hold()
