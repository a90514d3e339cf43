"""The commands. Thin: read what was asked, hand it to the rooms, print what came back; exit codes from sysexits.h."""

from __future__ import annotations

import errno
import io
import json
import os
import re
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from mailprobe import __version__
from mailprobe.address import near
from mailprobe.config import ConfigError, Problem, format_problem
from mailprobe.config.problems import INPUT_CHARS, cut
from mailprobe.house_cli import accounts_app, assets_app, config_app
from mailprobe.options import ConfigOption, JsonOption, LanguageOption
from mailprobe.staff_cli import audit_app, erase, users_app, wrong_app
from mailprobe.store import StoreError
from mailprobe.verdict.observed import ObservedError

app = typer.Typer(
    name="mailprobe",
    help="Tells within seconds whether a mailbox is ill on the server side, before anyone blames the handset.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.add_typer(config_app, name="config")
app.add_typer(assets_app, name="assets")
app.add_typer(accounts_app, name="accounts")
app.add_typer(users_app, name="users")
app.add_typer(audit_app, name="audit")
app.add_typer(wrong_app, name="wrong")

USAGE, IO_ERROR, BROKEN_PIPE, INTERRUPTED = 64, 74, 141, 130  # sysexits.h, and 128 + the signal
FULL = (errno.ENOSPC, errno.EIO, errno.EDQUOT)


@app.command(short_help="Check one mailbox now, and show the proof.")
def check(
    target: Annotated[str, typer.Argument(metavar="ADDRESS|ID", help="The customer's address, or an account's id.")],
    config: ConfigOption = None,
    as_json: JsonOption = False,
    lang: LanguageOption = "",
    only: Annotated[str, typer.Option(metavar="P,...", help="Only these probes: dns, mx, imap, submission, canary.")] = "",
    observed: Annotated[
        list[str] | None, typer.Option(metavar="K[=V]", help="What was told, e.g. portal_ok,spelling_confirmed. Repeatable.")
    ] = None,
    bounce: Annotated[
        list[Path] | None, typer.Option(metavar="FILE", help="A bounce that somebody who wrote to him got back.")
    ] = None,
    ask_secret: Annotated[bool, typer.Option("--ask-secret", help="Ask for the mail password; it is kept nowhere.")] = False,
    canary: Annotated[
        bool, typer.Option("--canary", help="Send a test mail. The mailbox must be enrolled, or its owner agree.")
    ] = False,
    consent: Annotated[str, typer.Option(metavar="TEXT", help="Who agreed to the test mail, and when; it is recorded.")] = "",
    ticket: Annotated[str, typer.Option(metavar="ID", help="On whose behalf an address is checked that is not enrolled.")] = "",
    within: Annotated[float, typer.Option(metavar="SECONDS", min=1, max=300, help="The most that any probe may take.")] = 30.0,
) -> None:
    """Check one mailbox now: where it breaks, who must act, what to say, and the proof.

    Exit code: 0 ok, 1 degraded, 2 down, 3 unknown; 64 and above: it could not be asked.
    """
    from mailprobe.check import Asked, ask

    asked = Asked(
        target=target,
        config=config,
        as_json=as_json,
        language=lang,
        only=tuple(name.strip() for name in only.split(",") if name.strip()),
        observed=tuple(one.strip() for several in observed or () for one in several.split(",") if one.strip()),
        bounces=tuple(bounce or ()),
        ask_secret=ask_secret,
        canary=canary,
        consent=consent,
        ticket=ticket,
        within=within,
    )
    raise typer.Exit(ask(asked))


@app.command(short_help="Run the daemon: schedule, receiver, console, metrics.")
def serve(config: ConfigOption = None) -> None:
    """Run the daemon: receive the bounces of test mails, and look after test mails that are under way.

    Ends at SIGTERM or Ctrl-C. Every address that it serves is written to standard error.
    """
    from mailprobe.check import run_loop
    from mailprobe.serve import configured_for_serving, ended_by
    from mailprobe.serve import serve as work

    try:
        run_loop(work(configured_for_serving(config)))
    except (ConfigError, StoreError):
        raise
    except Exception as fault:
        raise typer.Exit(ended_by(fault)) from None


@app.command(short_help="Explain a returned mail; needs no configuration.")
def bounce(
    files: Annotated[
        list[Path], typer.Argument(metavar="FILE...", help="Returned mails: .eml, mbox, text; - is standard input.")
    ],
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object per file instead of text.")] = False,
    lang: LanguageOption = "",
) -> None:
    """Explain a returned mail: whose side it is, what to tell the customer, what to do; needs no configuration.

    Exit code 0, or that of the first file that could not be read (65 no mail, 66 no file).
    """
    from mailprobe.bounce_report import explain

    raise typer.Exit(explain(files, as_json=as_json, language=lang))


@app.command(short_help="Practise on a small carrier with ill mailboxes.")
def demo(
    once: Annotated[bool, typer.Option("--once", help="Check every ill mailbox once, print the table, and end.")] = False,
    as_json: JsonOption = False,
    lang: LanguageOption = "",
    serve: Annotated[bool, typer.Option("--serve", help="For a container: the log instead of the guide.")] = False,
    listen: Annotated[str, typer.Option(metavar="HOST:PORT", help="Where the console listens.")] = "127.0.0.1:8025",
) -> None:
    """A small carrier with ill mailboxes, the daemon and its console, in this one process: practise on it, until Ctrl-C."""
    if once or as_json:
        from mailprobe.demo.show import show

        raise typer.Exit(show(as_json=as_json, language=lang))
    from mailprobe.demo.serving import serve_demo

    serve_demo(listen, lang, quiet=not serve)


@app.command()
def explain(
    code: Annotated[str, typer.Argument(metavar="CODE", help="A verdict's code, e.g. directory_out_of_sync; 'all' lists them.")],
    lang: LanguageOption = "",
) -> None:
    """What a verdict means, what it takes to say it, and what to do."""
    from mailprobe.terminal import language_or_default, print_explanation

    print_explanation(code, language_or_default(lang))


@app.command(short_help="Set up: configuration, key, DNS records.")
def init(
    answers: Annotated[Path | None, typer.Option(metavar="FILE", help="Answers in TOML; left out: they are asked for.")] = None,
    into: Annotated[Path, typer.Option(metavar="DIR", help="Where to write; nothing that is there is written over.")] = Path(),
    lang: LanguageOption = "",
) -> None:
    """Set up: a configuration, the key that signs test mails, an address to reserve, and the DNS records to publish.

    All of it is written, or nothing.
    """
    from mailprobe.setup.command import init as set_up
    from mailprobe.terminal import language_or_default

    set_up(answers, into, language_or_default(lang))


@app.command()
def status(
    account: Annotated[str, typer.Argument(metavar="ID", help="An account's id.")],
    config: ConfigOption = None,
    plugin: Annotated[
        bool, typer.Option("--plugin", help="One line for a monitoring system; so far there is no other form.")
    ] = True,
) -> None:
    """What is stored of an account, as a monitoring plugin says it. Never probes.

    Exit code: 0 ok, 1 degraded, 2 down, 3 unknown; a result that is too old is unknown, and so is every error.
    """
    from mailprobe.stored import print_status

    raise typer.Exit(print_status(account, config))


@app.command(short_help="A supervisor lifts a guard, or opens an incident.")
def release(
    carrier: Annotated[str, typer.Argument(metavar="CARRIER", help="As the configuration names it.")],
    config: ConfigOption = None,
    operator: Annotated[str, typer.Option(metavar="NAME", help="Lift the guard for this user of the host; for a day.")] = "",
    incident: Annotated[bool, typer.Option("--incident", help="An incident is open: lift it for everybody; for 4 h.")] = False,
    end: Annotated[bool, typer.Option("--end", help="The incident is over.")] = False,
    lasting: Annotated[str, typer.Option("--for", metavar="TIME", help="For so long instead, like 2h; at most 7d.")] = "",
    why: Annotated[str, typer.Option("--why", metavar="TEXT", help="Recorded; no address.")] = "",
) -> None:
    """A supervisor lifts the guard that stops one who asks about many addresses that are not enrolled, or opens an incident."""
    from mailprobe.check import named_or_found
    from mailprobe.supervising import release as lift

    print(lift(named_or_found(config, "release"), carrier, operator, lasting, why, incident=incident, ends=end))


# last in the list: the one that takes something away
app.command(short_help="Forget a customer who is not watched any more.")(erase)


def version(wanted: bool) -> None:
    if wanted:
        print(f"mailprobe {__version__}")
        raise typer.Exit


@app.callback()
def options(
    show_version: Annotated[
        bool, typer.Option("--version", callback=version, is_eager=True, help="Show the version and exit.")
    ] = False,
) -> None:
    """Tells within seconds whether a mailbox is ill on the server side, before anyone blames the handset."""


def main(arguments: Sequence[str] | None = None) -> None:
    """The entry point: every foreseen trouble is one clear line, never a traceback."""
    wanted = list(sys.argv[1:] if arguments is None else arguments)
    stand_in_for_closed()
    write_anything()
    try:
        code = app(wanted, prog_name="mailprobe", standalone_mode=False)
        sys.stdout.flush()
    except typer.TyperException as error:
        code = not_understood(error, wanted)
    except (typer.Abort, KeyboardInterrupt):
        code = INTERRUPTED
    except (BrokenPipeError, SystemExit):
        # the reader went away (`mailprobe ... | head`); the parser makes SystemExit of that, and of nothing else
        say_no_more()
        code = BROKEN_PIPE
    except OSError as error:
        if error.errno not in FULL:
            raise
        say_no_more()
        code = complain(
            (Problem("MP1109", "standard output", f"cannot be written: {error.strerror}", "free some space"),), (), IO_ERROR
        )
    except (ConfigError, ObservedError, StoreError) as error:
        code = complain(problems_of(error), wanted, error.exit_code)
    sys.exit(code if isinstance(code, int) else 0)


def stand_in_for_closed() -> None:
    """A stream that was closed by whoever started us (`>&-`) is one that nobody reads, or that holds nothing: the exit code still
    tells what it tells, and no file or socket of ours comes to stand where errors are written."""
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            setattr(sys, name, Path(os.devnull).open(mode))  # noqa: SIM115  as long as the program


def write_anything() -> None:
    """A terminal of another encoding gets what it cannot show escaped; a traceback would help nobody."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def say_no_more() -> None:
    """Python must not try again at exit to write what could not be written."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def problems_of(error: ConfigError | ObservedError | StoreError) -> tuple[Problem, ...]:
    if isinstance(error, StoreError):
        return (Problem(error.code, error.where, error.what, error.hint),)
    return error.problems


def complain(problems: Sequence[Problem], wanted: Sequence[str], code: int) -> int:
    """Every problem, one line each, on standard error; with --json the first one as an object on standard output."""
    short = [shortened(problem, wanted) for problem in problems]
    for problem in short:
        print(format_problem(problem), file=sys.stderr)
    if "--json" in wanted and short:
        first = short[0]
        print(json.dumps({"error": {"code": first.code, "where": first.where, "what": first.what, "hint": first.hint}}))
    return code


def shortened(problem: Problem, wanted: Sequence[str]) -> Problem:
    """The same, with no more than 80 characters of any word of the command line."""
    words = [part for word in wanted for part in (word, word.partition("=")[2], *word.split(",")) if len(part) > INPUT_CHARS]
    what, where, hint = problem.what, problem.where, problem.hint
    for long in sorted({*words, *(repr(word)[1:-1] for word in words)}, key=len, reverse=True):
        what, where, hint = (text.replace(long, cut(long)) for text in (what, where, hint))
    return Problem(problem.code, where, what, hint)


def not_understood(error: typer.TyperException, wanted: Sequence[str]) -> int:
    """A wrong word is named; who names no command at all is shown what there is."""
    said = error.format_message()
    if said.startswith("Usage: "):
        print(said, file=sys.stderr)
        return USAGE
    return complain((usage_problem(error),), wanted, USAGE)


def usage_problem(error: typer.TyperException) -> Problem:
    """The parser's complaint in our form, with the nearest name that exists, or the help that belongs to it."""
    message = error.format_message().splitlines()[0].rstrip(".")
    context = getattr(error, "ctx", None)
    help_ = f"see {context.command_path if context else 'mailprobe'} --help"
    unknown = re.match(r"No such (command|option):? '?([\w-]+)", message)
    if unknown is None:
        return Problem("MP1100", "command line", message, help_)
    meant = near(unknown[2], names(error, unknown[1]))
    return Problem(
        "MP1100", "command line", f'no such {unknown[1]}: "{unknown[2]}"', f"did you mean {meant}?" if meant else help_
    )


def names(error: typer.TyperException, kind: str) -> list[str]:
    """The commands or the options that exist where the complaint arose."""
    context = getattr(error, "ctx", None)
    if context is None:
        return []
    if kind == "command":
        return list(context.command.list_commands(context))
    return [name for one in context.command.get_params(context) for name in one.opts]
