"""Which request does what."""

from __future__ import annotations

import errno
import re
from pathlib import Path
from typing import Annotated

from fastapi import APIRouter, Depends, FastAPI, Header, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import FileResponse, JSONResponse
from fastapi.staticfiles import StaticFiles
from starlette.concurrency import run_in_threadpool

from facelab._version import __version__
from facelab.constants import CONSENT
from facelab.errors import FacelabError, UsageError
from facelab.files import MEGABYTE
from facelab.images import WRITTEN_AS, Image
from facelab.images.decode import MAX_BYTES
from facelab.page import drawing, views
from facelab.page.catalogue import EXAMPLES, catalogue, preset_picture
from facelab.page.command import command_lines
from facelab.page.examples import close, example
from facelab.page.newest import SupersededError
from facelab.page.photographs import place_at, reduced
from facelab.page.session import Session
from facelab.page.wishes import WishBody, named_only, wish_of
from facelab.recipe import to_yaml

STATIC = Path(__file__).parent / "static"

_STATUS = {2: 422, 3: 422, 4: 503}  # exit code to that of HTTP
_THUMBNAIL = 240  # px
_KEEP = {"Cache-Control": "private, max-age=3600"}  # what an id names does not change

router = APIRouter()


def _session(request: Request) -> Session:
    found: Session = request.app.state.session
    return found


Here = Annotated[Session, Depends(_session)]
Tab = Annotated[str, Header(alias="X-Tab", max_length=64)]
Turn = Annotated[int, Header(alias="X-Turn")]


def create_app(session: Session) -> FastAPI:
    """The application for a session; who may ask is `facelab.page.guard`'s business."""
    app = FastAPI(
        title="facelab", version=__version__, docs_url=None, redoc_url=None, openapi_url=None
    )
    app.state.session = session
    app.add_exception_handler(FacelabError, _refused)
    app.add_exception_handler(SupersededError, _superseded)
    app.add_exception_handler(RequestValidationError, _misunderstood)
    app.add_exception_handler(OSError, _failed)
    app.include_router(router)
    app.mount("/", StaticFiles(directory=STATIC, html=True))
    return app


def _refused(request: Request, error: Exception) -> JSONResponse:
    status = _STATUS.get(getattr(error, "exit_code", 1), 400)
    # Where the page keeps a file is nothing to its user, who knows it by its name.
    place = re.escape(str(_session(request).folder))
    return JSONResponse({"error": re.sub(rf"{place}/(\w+/)*", "", str(error))}, status)


def _superseded(_request: Request, _error: Exception) -> Response:
    return Response(status_code=204)


def _misunderstood(_request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RequestValidationError)
    first = error.errors()[0]
    place = ".".join(str(part) for part in first["loc"][1:])
    return JSONResponse({"error": f"{place}: {first['msg']}; reload the page"}, 422)


def _failed(_request: Request, error: Exception) -> JSONResponse:
    full = getattr(error, "errno", None) in (errno.ENOSPC, errno.EDQUOT)
    remedy = "free some space, or set TMPDIR to another disk" if full else "try again"
    reason = getattr(error, "strerror", None) or str(error)
    return JSONResponse({"error": f"the page's temporary folder: {reason}; {remedy}"}, 507)


@router.get("/catalogue")
def get_catalogue() -> Response:
    """All that controls are built from."""
    return JSONResponse(catalogue())


@router.get("/photographs")
def get_photographs(here: Here) -> Response:
    """The photographs that are open, as after a reload."""
    return JSONResponse([opened.described for opened in here.photographs.opened])


@router.put("/photographs")
async def put_photograph(request: Request, here: Here, name: str) -> Response:
    """Take in a photograph, whose bytes are the body."""
    data = await body_of(request)
    opened = await run_in_threadpool(here.photographs.add, name, data)
    return JSONResponse(opened.described)


async def body_of(request: Request) -> bytes:
    """The bytes of a file that is uploaded, read no further than photographs may be large.

    Raises
    ------
    UsageError
        If it is larger.
    """
    too_large = UsageError(
        f"a file of more than {MAX_BYTES // MEGABYTE} MB; photographs are smaller"
    )
    told = request.headers.get("content-length", "0")
    if told.isdecimal() and int(told) > MAX_BYTES:
        raise too_large
    data = bytearray()
    async for chunk in request.stream():
        data += chunk
        if len(data) > MAX_BYTES:
            raise too_large
    return bytes(data)


@router.put("/presets/{name}/{key}")
def put_preset_picture(here: Here, name: str, key: str) -> Response:
    """Take in a picture that a recipe brings along, as if it had been uploaded."""
    try:
        file = preset_picture(name, key)
    except KeyError:
        raise UsageError("no such recipe; reload the page") from None
    return JSONResponse(here.photographs.add(file.name, file.read_bytes()).described)


@router.delete("/photographs/{key}")
def delete_photograph(here: Here, key: str) -> Response:
    """Forget a photograph."""
    here.photographs.remove(key)
    return Response(status_code=204)


@router.get("/photographs/{key}/preview.jpg")
def get_preview(here: Here, key: str) -> Response:
    """The photograph as it is, reduced."""
    return picture(here.photographs[key].reduced, _KEEP)


@router.get("/photographs/{key}/thumbnail.jpg")
def get_thumbnail(here: Here, key: str) -> Response:
    """The photograph as it is, small."""
    return picture(reduced(here.photographs[key].reduced, _THUMBNAIL), _KEEP)


@router.get("/photographs/{key}/faces/{face}/face.jpg")
def get_face(here: Here, key: str, face: int) -> Response:
    """A face of the photograph as it is, small."""
    return picture(close(here.photographs[key], face)[0], _KEEP)


@router.get("/photographs/{key}/faces/{face}/place")
def get_place(here: Here, key: str, face: int, x: float, y: float) -> Response:
    """Where in the canonical atlas a face shows at a pixel of the photograph."""
    return JSONResponse({"place": place_at(here.photographs[key], face, x, y)})


@router.get("/photographs/{key}/faces/{face}/view/{name}.png")
def get_view(here: Here, key: str, face: int, name: str) -> Response:
    """A picture of what a face is in three dimensions."""
    data = views.view(here.photographs[key], face, name, here.model)
    return Response(data, media_type="image/png", headers=_KEEP)


@router.get("/photographs/{key}/faces/{face}/mesh")
def get_mesh(here: Here, key: str, face: int) -> Response:
    """A face's mesh."""
    data = views.mesh(here.photographs[key], face, here.model)
    return Response(data, media_type="application/octet-stream", headers=_KEEP)


@router.get("/photographs/{key}/faces/{face}/numbers")
def get_numbers(here: Here, key: str, face: int) -> Response:
    """What the report says of a face."""
    return JSONResponse(views.numbers(here.photographs[key], face, here.model))


@router.post("/photographs/{key}/faces/{face}/export")
def post_export(here: Here, key: str, face: int, write: str) -> Response:
    """Write a face's files, and say where they can be fetched."""
    names, place = tuple(write.split(",")), here.new_result()
    with here.saving:
        image = here.photographs.whole(key)
        file = views.export(here.photographs[key], face, names, here.model, image, place)
    return JSONResponse({"key": place.name, "files": [file.name]})


@router.get("/photographs/{key}/example/{step}.jpg")
def get_example(here: Here, key: str, step: str) -> Response:
    """The photograph's largest face after one step, small."""
    opened = here.photographs[key]
    image = here.looking("examples", 0, lambda: example(opened, step, EXAMPLES, here.model))
    return picture(image, _KEEP)


@router.post("/preview")
def post_preview(here: Here, body: WishBody, tab: Tab, turn: Turn) -> Response:
    """The photograph after recipes, reduced; nothing if a newer one is asked for meanwhile."""
    wish = wish_of(body, here.photographs)
    return picture(here.drawing(tab, turn, lambda: drawing.preview(wish, here.model)))


@router.post("/part")
def post_part(
    here: Here, body: WishBody, tab: Tab, turn: Turn, left: int, top: int, right: int, bottom: int
) -> Response:
    """A part of the photograph after recipes, drawn in full size."""
    wish = wish_of(body, here.photographs)

    def drawn() -> Image:
        whole = here.photographs.whole(body.photograph)
        return here.whole.of(body.model_dump_json(), lambda: drawing.whole(wish, here.model, whole))

    return picture(drawing.part_of(here.looking(tab, turn, drawn), left, top, right, bottom))


@router.post("/words")
def post_words(here: Here, body: WishBody, consent: str = "unspecified") -> Response:
    """The same as a command line and as recipes."""
    _check_consent(consent)
    wish = wish_of(body, here.photographs)
    recipes = [to_yaml(named_only(recipe), Path()) for recipe in wish.recipes]
    lines = command_lines(wish, output_name(wish.opened.file, None), consent)
    return JSONResponse({"commands": lines, "recipes": recipes})


@router.post("/save")
def post_save(
    here: Here,
    body: WishBody,
    consent: str = "unspecified",
    suffix: str | None = None,
    quality: int | None = None,
) -> Response:
    """Draw the photograph in full size, mark it, record it, and say where it can be fetched."""
    _check_consent(consent)
    wish = wish_of(body, here.photographs)
    place = here.new_result()
    path = place / output_name(wish.opened.file, suffix)
    with here.saving:
        notes = drawing.save(wish, here.model, path, consent, quality)
    files = sorted(file.name for file in place.iterdir())
    files.sort(key=lambda name: not name.startswith(path.name))
    return JSONResponse({"key": place.name, "files": files, "notes": list(dict.fromkeys(notes))})


@router.get("/results/{key}/{name}")
def get_result(here: Here, key: str, name: str) -> Response:
    """A file that was saved, as a download."""
    return FileResponse(here.result(key, name), filename=name)


def _check_consent(consent: str) -> None:
    if consent not in CONSENT:
        raise UsageError(f"consent: {consent!r} is none of {', '.join(CONSENT)}")


def output_name(photograph: Path, suffix: str | None) -> str:
    """The name of a changed photograph."""
    kept = WRITTEN_AS.get(photograph.suffix.lower(), photograph.suffix)
    return f"{photograph.stem}-facelab{f'.{suffix}' if suffix else kept}"


def picture(image: Image, headers: dict[str, str] | None = None) -> Response:
    """An image as an answer."""
    return Response(drawing.jpeg(image), media_type="image/jpeg", headers=headers)
