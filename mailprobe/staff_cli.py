"""The commands about who may sign in, what was looked at, and who is to be forgotten. Thin, like `cli.py`."""

from __future__ import annotations

from typing import Annotated

import typer

from mailprobe.options import ConfigOption, JsonOption

users_app = typer.Typer(help="Who may sign in to the console: people and tokens.", no_args_is_help=True)
wrong_app = typer.Typer(help="Checks whose verdict an agent called wrong.", no_args_is_help=True)
audit_app = typer.Typer(help="The trail of who looked at which mailbox.", no_args_is_help=True)

PersonArgument = Annotated[str, typer.Argument(metavar="NAME", help="As he signs in: a-z, digits and . _ @ -.")]
RoleOption = Annotated[str, typer.Option("--role", metavar="ROLE", help="viewer, operator, supervisor, admin or auditor.")]


@users_app.command("add")
def users_add(
    name: PersonArgument,
    role: RoleOption,
    config: ConfigOption = None,
    no_password: Annotated[bool, typer.Option("--no-password", help="He signs in at the trusted proxy only.")] = False,
) -> None:
    """Let somebody sign in. The password is asked for, or read from standard input."""
    from mailprobe.staffing import add

    add(config, name, role, password=not no_password)


@users_app.command("list", short_help="Everybody who may sign in, and every token.")
def users_list(config: ConfigOption = None, as_json: JsonOption = False) -> None:
    """Everybody who may sign in, whom the company's sign-in has let in and when, and every token."""
    from mailprobe.staffing import print_all

    print_all(config, as_json=as_json)


@users_app.command("remove")
def users_remove(name: PersonArgument, config: ConfigOption = None) -> None:
    """Nobody signs in by this name any more; his sessions end."""
    from mailprobe.staffing import remove

    remove(config, name)


@users_app.command("password")
def users_password(name: PersonArgument, config: ConfigOption = None) -> None:
    """Give him another password; his sessions end."""
    from mailprobe.staffing import set_password

    set_password(config, name)


@users_app.command("role")
def users_role(name: PersonArgument, role: RoleOption, config: ConfigOption = None) -> None:
    """Give him another role; his sessions end."""
    from mailprobe.staffing import set_role

    set_role(config, name, role)


@users_app.command("sign-out", short_help="End his sessions.")
def users_sign_out(name: PersonArgument, config: ConfigOption = None) -> None:
    """End his sessions. Whom the company's sign-in lets in may come again: take his role away there first."""
    from mailprobe.staffing import sign_out

    sign_out(config, name)


@users_app.command("token", short_help="Make a token for a program.")
def users_token(
    name: Annotated[str, typer.Argument(metavar="NAME", help="What it is for; unique.")],
    role: RoleOption,
    config: ConfigOption = None,
    days: Annotated[int, typer.Option(metavar="N", min=1, max=365, help="How long it is good.")] = 90,
) -> None:
    """Make a token for a program. It is printed this once, and kept nowhere."""
    from mailprobe.staffing import make_token

    make_token(config, name, role, days)


@users_app.command("revoke")
def users_revoke(
    number: Annotated[int, typer.Argument(metavar="ID", help="As `users list` shows it.")], config: ConfigOption = None
) -> None:
    """A token opens nothing any more."""
    from mailprobe.staffing import remove_token

    remove_token(config, number)


@users_app.command("link", short_help="A new link for the first administrator.")
def users_link(config: ConfigOption = None) -> None:
    """A new link that makes the first administrator, as long as there is nobody. Links of before are void."""
    from mailprobe.staffing import print_link

    print_link(config)


@wrong_app.command("list")
def wrong_list(config: ConfigOption = None, as_json: JsonOption = False) -> None:
    """Each, the newest first, with the code that was said."""
    from mailprobe.wrong_verdicts import print_wrong

    print_wrong(config, as_json=as_json)


@wrong_app.command("case", short_help="One as a golden case, without addresses.")
def wrong_case(
    which: Annotated[str, typer.Argument(metavar="NUMBER|ID", help="The check's number, as on its page, or its id.")],
    config: ConfigOption = None,
) -> None:
    """One as a golden case: the dialogues, what was told and said, the real cause; no address."""
    from mailprobe.wrong_verdicts import print_case

    print_case(config, which)


@audit_app.command("verify")
def audit_verify(config: ConfigOption = None) -> None:
    """Read the whole trail: is each row as it was written?

    Exit code 0: yes; 1: no, and the first row that is not is named.
    """
    from mailprobe.staffing import verify

    raise typer.Exit(verify(config))


def erase(
    targets: Annotated[list[str], typer.Argument(metavar="ID|ADDRESS...", help="His account's id, his address, or both.")],
    why: Annotated[str, typer.Option(metavar="TEXT", help="On what ground; kept in the trail.")],
    config: ConfigOption = None,
) -> None:
    """Forget a customer who is not watched any more: every row of his but for the trail, which names no address."""
    from mailprobe.staffing import erase as forget

    forget(config, targets, why)
