"""``facelab page``: the toolkit in a browser, on this machine alone."""

from __future__ import annotations

import click


@click.command("page")
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    default=0,
    metavar="N",
    help="Of this machine alone; by default one that is free.",
)
@click.option("--no-browser", is_flag=True, help="Do not open the address in a browser.")
def page_command(port: int, no_browser: bool) -> None:
    """Edit and swap faces in the browser, with a recipe and a command for all that is done there.

    Prints the page's address, which holds a secret of this run, and serves it to this machine
    alone until Ctrl-C. What was opened is deleted then; what shall stay is to be saved.

    Exit codes: 0 ended, 2 a wrong option, or the extra page is not installed, 4 weights missing or
    damaged.
    """
    from facelab.errors import UsageError

    try:
        from facelab.page.server import serve
    except ModuleNotFoundError as error:
        if error.name not in ("fastapi", "uvicorn", "starlette", "pydantic"):
            raise
        raise UsageError(f"{error.name} is not installed; pip install 'facelab[page]'") from None

    from facelab.cli.warm_up import warm_up

    warm_up()

    def announce(address: str) -> None:
        click.echo(address)
        if not no_browser:
            click.launch(address)

    serve(port, announce)
