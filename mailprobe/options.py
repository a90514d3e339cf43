"""The options that several commands have."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

ConfigOption = Annotated[
    Path | None, typer.Option("--config", "-c", metavar="FILE", help="mailprobe.toml; left out: looked for, else none.")
]
LanguageOption = Annotated[str, typer.Option("--lang", metavar="ja|en", help="Language of every text.")]
JsonOption = Annotated[bool, typer.Option("--json", help="One JSON object instead of text.")]
