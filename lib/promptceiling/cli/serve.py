"""`app`, `lab` and `embedded`: what is served until Ctrl-C."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import click

from promptceiling.cli.group import main


@main.command()
@click.argument("file", required=False, type=click.Path(path_type=Path))
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--port", default=8866, show_default=True, type=click.IntRange(1, 65535))
def app(file: Path | None, host: str, port: int) -> None:
    """Serve the read-only walkthrough over a published FILE (without one, over the demonstration)."""
    from promptceiling.app import demonstration, serve_app
    from promptceiling.app.launch import check_port

    check_port(host, port)  # before the demonstration is built, which takes a while

    def say(line: str) -> None:
        click.echo(line, err=True)

    sys.exit(serve_app(file or demonstration(Path("workspace"), say), host=host, port=port, say=say))


@main.command()
@click.option("--port", default=8888, show_default=True, type=click.IntRange(1, 65535))
def lab(port: int) -> None:
    """Open JupyterLab on the notebooks."""
    from promptceiling.app.launch import notebook

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
