"""``facelab train``: networks from photographs."""

from __future__ import annotations

import json
from pathlib import Path

import click

from facelab.cli.options import FILE
from facelab.constants import DEVICES

NETWORKS = ("map", "parse")


@click.command("train")
@click.argument("data", type=FILE, metavar="PHOTOGRAPHS|VIEWS")
@click.option("-o", "--output", type=FILE, required=True, metavar="OUT", help="Folder to write.")
@click.option(
    "--network",
    type=click.Choice(NETWORKS),
    default="map",
    show_default=True,
    help="map: positions of the face. parse: what each pixel around it shows.",
)
@click.option(
    "--head",
    type=FILE,
    metavar="MODEL.safetensors",
    help="A morphable model of heads, which gives depth, ears and other shapes; see docs/train.md.",
)
@click.option("--steps", type=click.IntRange(min=1), default=20000, show_default=True)
@click.option("--batch", type=click.IntRange(min=1), default=32, show_default=True)
@click.option("--rate", type=click.FloatRange(0, 1, min_open=True), default=1e-3, show_default=True)
@click.option(
    "--scenes",
    type=click.IntRange(min=1),
    default=2,
    show_default=True,
    help="Of each photograph: itself, and with another expression, light, cover, background.",
)
@click.option(
    "--turns", type=click.IntRange(min=1), default=4, show_default=True, help="Views of a scene."
)
@click.option("--scene-recipe", type=FILE, help="Augmentation recipe of the scenes.")
@click.option("--turn-recipe", type=FILE, help="Augmentation recipe of the turned views.")
@click.option("--view-recipe", type=FILE, help="Augmentation recipe of what spoils each crop.")
@click.option(
    "--begin",
    type=FILE,
    metavar="FILE.safetensors",
    help="Go on from what another run wrote, such as the network that comes with facelab.",
)
@click.option("--scratch", is_flag=True, help="Begin with random weights, not with FaceMesh's.")
@click.option(
    "--coarse",
    is_flag=True,
    help="With --network parse: train its coarse part alone, on smaller crops, which is quicker.",
)
@click.option("--no-jaw", is_flag=True, help="Leave the jaw's landmarks out of the loss.")
@click.option("--seed", type=click.IntRange(0, 2**32 - 1), default=0, show_default=True)
@click.option("--device", type=click.Choice(DEVICES), default="cpu", show_default=True)
@click.option(
    "--workers",
    type=click.IntRange(min=0),
    default=1,
    show_default=True,
    help="Processes that render and make views beside the training; 0 makes views in this one.",
)
@click.option(
    "--every",
    type=click.IntRange(min=1),
    default=500,
    show_default=True,
    help="Steps between checkpoints.",
)
@click.option("as_json", "--json", is_flag=True, help="Print the result as JSON on stdout.")
@click.option("--quiet", is_flag=True, help="Say nothing but errors.")
@click.pass_context
def train_command(
    context: click.Context,
    data: Path,
    output: Path,
    network: str,
    head: Path | None,
    steps: int,
    batch: int,
    rate: float,
    scenes: int,
    turns: int,
    scene_recipe: Path | None,
    turn_recipe: Path | None,
    view_recipe: Path | None,
    begin: Path | None,
    scratch: bool,
    coarse: bool,
    no_jaw: bool,
    seed: int,
    device: str,
    workers: int,
    every: int,
    as_json: bool,
    quiet: bool,
) -> int:
    """Train a network that finds the position map of a face at any yaw, or tells its parts.

    map: FaceMesh and the head model say where each photograph's face lies; its head is turned,
    people are drawn beside it, and what cameras and the world do to pictures is done to the views.

    parse: MediaPipe's multiclass segmenter and the face's geometry say what a photograph shows;
    glasses, hats and hands are drawn into it, and whole people beside it.

    OUT/facemap.safetensors or OUT/faceparse.safetensors is the network, OUT/log.csv and
    OUT/log.png say how it went. A run that was stopped goes on with the same command; the same
    command, photographs and device give the same network.

    Exit codes: 0 done, 1 an error, 2 a wrong option or recipe, 4 weights missing, 130 interrupted.
    """
    if begin and scratch:
        raise click.UsageError("--begin and --scratch exclude each other")
    if network == "map":
        _refuse(context, network, "coarse")
    else:
        _refuse(context, network, "head", "turns", "turn_recipe", "no_jaw")
    from facelab.models.runtime import require_torch

    require_torch("facelab train")
    from facelab.cli.progress import Progress
    from facelab.train.loop import Settings
    from facelab.train.renders import RECIPES

    view = view_recipe or RECIPES / ("parse_view.yaml" if network == "parse" else "view.yaml")
    settings = Settings(
        steps=steps,
        batch=batch,
        rate=rate,
        seed=seed,
        every=every,
        view=view,
        scratch=scratch,
        jaw=not no_jaw,
        begin=begin,
        coarse=coarse,
    )
    with Progress(hidden=quiet or as_json) as progress:
        if network == "parse":
            from facelab.train.parse import renders as parse_renders
            from facelab.train.parse.run import run as run_parse

            pictures = parse_renders.RenderSettings(
                recipe=scene_recipe or RECIPES / "parse.yaml", views=scenes, seed=seed
            )
            trained = run_parse(data, output, pictures, settings, device, workers, progress)
        else:
            from facelab.train.renders import RenderSettings
            from facelab.train.run import run

            turn = RECIPES / ("turn.yaml" if head else "turn_without_head.yaml")
            how = RenderSettings(
                head=head,
                scene=scene_recipe or RECIPES / "scene.yaml",
                turn=turn_recipe or turn,
                scenes=scenes,
                turns=turns,
                seed=seed,
            )
            trained = run(data, output, how, settings, device, workers, progress)
    about = {
        "weights": str(trained.weights),
        "log": str(trained.log),
        "photographs": trained.photographs,
        "views": trained.views,
        "skipped": trained.skipped,
        "left": trained.left,
    }
    if as_json:
        click.echo(json.dumps(about, ensure_ascii=False))
    elif not quiet:
        for name, why in trained.skipped.items():
            click.echo(f"left out: {name}: {why}", err=True)
        if trained.left:
            click.echo(f"{data}: {trained.left}", err=True)
        click.echo(f"{trained.weights}: trained on {trained.views} views", err=True)
    return 0


def _refuse(context: click.Context, network: str, *names: str) -> None:
    """Refuse options that were given and do not go with a network."""
    options = {option.name: option.opts[-1] for option in context.command.params}
    for name in names:
        if context.get_parameter_source(name) is not click.core.ParameterSource.DEFAULT:
            raise click.UsageError(f"{options[name]} does not go with --network {network}")
