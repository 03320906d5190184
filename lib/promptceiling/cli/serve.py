"""`app`, `lab` and `embedded`: what is served until Ctrl-C."""

from __future__ import annotations

import gc
import os
import secrets
import sys
from pathlib import Path

import click

from promptceiling.cli.group import main

_TOKEN = "PROMPTCEILING_TOKEN"  # noqa: S105 - the name of a variable

@main.command()
@click.argument("files", nargs=-1, metavar="[FILE]...", type=click.Path(path_type=Path))
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--port", default=8866, show_default=True, type=click.IntRange(1, 65535))
@click.option("--base-url", default="/", show_default=True, help="The path below which a proxy serves it.")
@click.option("--token", is_flag=True,
              help=f"Show nothing without a token: the one in {_TOKEN}, else a new one, told with the address.")
@click.option("--workbook", is_flag=True, help="Show notebooks 1 to 5 too, to read, over what the workspace holds.")
def app(files: tuple[Path, ...], host: str, port: int, base_url: str, token: bool, workbook: bool) -> None:
    """Serve the read-only walkthrough over published FILEs (without one, over the demonstration)."""
    def say(line: str) -> None:
        click.echo(line, err=True)

    say(f"Starting the read-only app over {', '.join(path.name for path in files) or 'the demonstration'} ...")

    from promptceiling.app import demonstration, serve_app
    from promptceiling.app.launch import APP_HINT, check_port

    asked = os.environ.get(_TOKEN, "").strip()
    secret = asked or (secrets.token_urlsafe(24) if token else "")
    if not files:
        check_port(host, port, APP_HINT)  # before the demonstration is built
    published = files or (demonstration(Path("workspace"), say),)
    status = serve_app(published, host=host, port=port, base_url=base_url, token=secret, tell_token=not asked,
                       workbook=workbook, say=say)
    gc.freeze()  # or Python, as it ends, looks through every imported object
    sys.exit(status)


@main.command()
@click.option("--port", default=8888, show_default=True, type=click.IntRange(1, 65535))
def lab(port: int) -> None:
    """Open JupyterLab on the notebooks."""
    from promptceiling.app.pages import notebook

    folder = notebook("walkthrough.ipynb").parent
    command = [sys.executable, "-m", "jupyterlab", f"--port={port}", f"--notebook-dir={folder}",
               "--ServerApp.answer_yes=True", "--LabApp.news_url=None",
               "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate"]
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        command.append("--allow-root")  # in a container; the server listens on this machine and asks for its token
    os.execv(command[0], command)  # noqa: S606 - our own interpreter; Ctrl-C is then Jupyter's alone


@main.command()
@click.option("--port", default=8867, show_default=True, type=click.IntRange(1, 65535))
@click.option("--folder", default="workspace/embedded", show_default=True, type=click.Path(path_type=Path))
def embedded(port: int, folder: Path) -> None:
    """Serve the embedded model as an OpenAI-compatible endpoint on this machine."""
    import uvicorn

    from promptceiling.app.launch import check_port
    from promptceiling.embedded import MODEL, create_app

    check_port("127.0.0.1", port)
    click.echo(f"{MODEL} is at http://127.0.0.1:{port}/v1 (Ctrl-C ends it)", err=True)
    server = uvicorn.Server(uvicorn.Config(create_app(folder), host="127.0.0.1", port=port, log_level="warning"))
    try:
        server.run()
    except KeyboardInterrupt:
        sys.exit(130)
