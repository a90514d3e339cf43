"""The commands about what a house holds: its configuration, who is watched, the rules and dashboards. Thin, like `cli.py`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from mailprobe import __version__
from mailprobe.assets import CONSOLE
from mailprobe.config import format_problem, load
from mailprobe.options import ConfigOption

config_app = typer.Typer(help="Look at a configuration file.", no_args_is_help=True)
assets_app = typer.Typer(help="Rules and dashboards of this version.", no_args_is_help=True)
accounts_app = typer.Typer(help="Who is watched: take in a CSV file, or list.", no_args_is_help=True)


@accounts_app.command("import", short_help="Check a CSV file, and put it in place whole.")
def accounts_import(
    file: Annotated[str, typer.Argument(metavar="FILE", help="CSV: id,address,carrier,group,secret,probes,every; - is stdin.")],
    config: ConfigOption = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Check it and tell what would change; write nothing.")] = False,
) -> None:
    """Check a file of accounts against the configuration, then put it where [accounts_from] names it: all of it, or nothing."""
    from mailprobe.check import named_or_found
    from mailprobe.enrolment import import_accounts

    change, after = import_accounts(named_or_found(config, "accounts import"), file, dry_run=dry_run)
    for warning in after.warnings:
        print(format_problem(warning, "note"), file=sys.stderr)
    print(f"{'would be ' if dry_run else ''}{change}")


@accounts_app.command("list")
def accounts_list(
    config: ConfigOption = None,
    addresses: Annotated[bool, typer.Option("--addresses", help="Show the addresses as well.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object per account.")] = False,
) -> None:
    """Who is watched, and how: id, carrier, group, probes, every."""
    from mailprobe.check import named_or_found
    from mailprobe.enrolment import print_list

    print_list(load(named_or_found(config, "accounts list")), addresses=addresses, as_json=as_json)


@config_app.command("keys", short_help="Every key: its kind, its default, what it means.")
def config_keys() -> None:
    """Every key of a configuration: its kind, its default, and what it means; a page in Markdown."""
    from mailprobe.config.reference import reference

    print(reference(), end="")


@config_app.command("check", short_help="Every error at once; --online asks the world.")
def config_check(
    path: Annotated[Path | None, typer.Argument(metavar="[FILE]", help="Left out: the file that `check` would use.")] = None,
    online: Annotated[
        bool, typer.Option("--online", help="Ask the world as well: DNS, port 25, the controls, our receiver, block lists.")
    ] = False,
) -> None:
    """Read the configuration, tell every error at once, and the load it means for the servers.

    With --online: is what it says true, and which verdicts can be proven? Exit code 1 where something is wrong.
    """
    from mailprobe.check import named_or_found
    from mailprobe.terminal import print_config

    config = load(named_or_found(path, "config check"))
    print_config(config)
    if online:
        from mailprobe.proving import print_readiness

        raise typer.Exit(print_readiness(config))


@assets_app.command("export", short_help="Write rules, runbooks, dashboards and examples.")
def assets_export(
    to: Annotated[Path, typer.Argument(metavar="DIR", help="Made where it does not exist.")],
    console: Annotated[str, typer.Option(metavar="URL", help="Where people reach mailprobe's pages.")] = CONSOLE,
    runbooks: Annotated[str, typer.Option(metavar="URL", help="Where the runbooks are; left out: at the console.")] = "",
    force: Annotated[bool, typer.Option("--force", help="Also over files that were changed since they were exported.")] = False,
) -> None:
    """Write alert rules, runbooks, dashboards and examples for Prometheus, Alertmanager and Grafana.

    All or nothing: files that you changed stay as they are, and are named, unless --force is given.
    """
    from mailprobe.assets.export import export

    done = export(to, __version__, console=console, runbooks=runbooks, force=force)
    for name in (*done.written, *(f"{name} (removed)" for name in done.removed)):
        print(to / name)
    print(f"{len(done.written)} written, {len(done.same)} already as in mailprobe {__version__}")
