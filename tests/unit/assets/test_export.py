"""`mailprobe assets export`: all files or none, and never over what somebody changed."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from mailprobe.assets import CONSOLE, EXPORTED, files, folder
from mailprobe.assets.export import MANIFEST, export
from mailprobe.cli import main
from mailprobe.config import ConfigError

RULES = "rules/alerts.yml"


def content(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def codes(raised: pytest.ExceptionInfo[ConfigError]) -> list[str]:
    return [problem.code for problem in raised.value.problems]


def test_everything_is_written(tmp_path: Path) -> None:
    done = export(tmp_path / "new" / "folder", "1")
    assert content(tmp_path / "new" / "folder").keys() == {*files(), MANIFEST}
    assert set(done.written) == set(files())
    assert {name.partition("/")[0] for name in done.written} == set(EXPORTED)
    assert "dashboards/mailprobe-fleet.json" in done.written


def test_again_changes_nothing(tmp_path: Path) -> None:
    export(tmp_path, "1")
    before = content(tmp_path)
    done = export(tmp_path, "1")
    assert (done.written, len(done.same)) == ((), len(files()))
    assert content(tmp_path) == before


def test_the_operators_addresses_are_written_in(tmp_path: Path) -> None:
    export(tmp_path, "1", console="https://mailprobe.example.net/", runbooks="https://wiki.example.net/mailprobe")
    text = (tmp_path / RULES).read_text()
    assert 'runbook_url: "https://wiki.example.net/mailprobe#MailprobeAbsent"' in text
    assert 'console: "https://mailprobe.example.net/?carrier={{ $labels.carrier }}"' in text
    assert not any(CONSOLE.encode() in one for one in content(tmp_path).values())
    json.loads((tmp_path / "dashboards/mailprobe-account.json").read_text())


def test_a_changed_file_stops_all(tmp_path: Path) -> None:
    export(tmp_path, "1")
    (tmp_path / RULES).write_text("mine")
    (tmp_path / "README.md").unlink()
    before = content(tmp_path)
    with pytest.raises(ConfigError) as raised:
        export(tmp_path, "1", console="http://other.example.net")
    assert codes(raised) == ["MP1702"]
    assert raised.value.problems[0].where == str(tmp_path / RULES)
    assert content(tmp_path) == before
    export(tmp_path, "1", force=True)
    assert content(tmp_path)[RULES] == files()[RULES]


def test_a_file_that_was_there_before_any_export_stops_all(tmp_path: Path) -> None:
    (tmp_path / "prometheus.yml").write_text("mine")
    with pytest.raises(ConfigError) as raised:
        export(tmp_path, "1")
    assert codes(raised) == ["MP1702"]
    assert content(tmp_path) == {"prometheus.yml": b"mine"}


def test_what_another_version_wrote_and_nobody_changed_is_renewed(tmp_path: Path) -> None:
    export(tmp_path, "1", console="http://old.example.net")
    left = json.loads((tmp_path / MANIFEST).read_text())
    (tmp_path / "rules" / "gone.yml").write_text("")
    left["files"]["rules/gone.yml"] = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"  # of nothing
    left["files"]["../outside"] = left["files"]["rules/gone.yml"]
    (tmp_path / MANIFEST).write_text(json.dumps(left))
    (tmp_path.parent / "outside").write_text("")
    done = export(tmp_path, "2")
    assert RULES in done.written
    assert done.removed == ("rules/gone.yml",)
    assert (tmp_path.parent / "outside").exists()
    assert json.loads((tmp_path / MANIFEST).read_text())["version"] == "2"


@pytest.mark.parametrize("left", ["", "[]", '{"files": []}', '{"files": 3}', "\x00"])
def test_a_manifest_that_says_nothing_protects_everything(left: str, tmp_path: Path) -> None:
    export(tmp_path, "1", console="http://old.example.net")
    (tmp_path / MANIFEST).write_text(left)
    with pytest.raises(ConfigError) as raised:
        export(tmp_path, "1")
    assert set(codes(raised)) == {"MP1702"}


@pytest.mark.parametrize(
    "url", ["mailprobe", "ftp://a.example", "http://", 'http://a"b', "http://a{{b", "http://a\nb", "http://[a"]
)
def test_an_address_that_is_none(url: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as raised:
        export(tmp_path / "new", "1", console=url)
    assert (codes(raised), raised.value.exit_code) == (["MP1701"], 64)
    assert not (tmp_path / "new").exists()


def test_a_place_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ConfigError) as raised:
        export(tmp_path / "file" / "below", "1")
    assert (codes(raised), raised.value.exit_code) == (["MP1703"], 73)


def test_the_command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["assets", "export", str(tmp_path)])
    assert ended.value.code == 0
    assert f"{len(files())} written, 0 already" in capsys.readouterr().out
    (tmp_path / RULES).write_text("mine")
    with pytest.raises(SystemExit) as ended:
        main(["assets", "export", str(tmp_path)])
    assert ended.value.code == 73
    said = capsys.readouterr()
    assert said.out == ""
    assert "error[MP1702]" in said.err
    assert "--force" in said.err


def test_a_clone_exports_what_lies_in_it() -> None:
    assert folder().name == "grafana"
    assert os.access(folder() / RULES, os.R_OK)
