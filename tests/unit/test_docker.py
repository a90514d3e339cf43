"""What is shipped to run mailprobe with: the image's recipe, the compose file and the units, as far as a test can judge."""

from __future__ import annotations

import configparser
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from mailprobe import __version__

ROOT = Path(__file__).parents[2]
DOCKER = ROOT / "docker"
SERVICES = ("mailprobe", "prometheus", "alertmanager", "grafana")


def compose() -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load((DOCKER / "compose.yaml").read_text())
    return loaded


def test_hadolint_has_nothing_against_the_image() -> None:
    program = Path(sys.executable).parent / "hadolint"
    done = subprocess.run([program, DOCKER / "Dockerfile"], capture_output=True, text=True, check=False)
    assert (done.stdout, done.returncode) == ("", 0)


def test_the_image_is_nobodys_root_and_looks_after_itself() -> None:
    lines = (DOCKER / "Dockerfile").read_text().splitlines()
    last = lines[[number for number, line in enumerate(lines) if line.startswith("FROM")][-1] :]
    assert any(re.fullmatch(r"USER [1-9]\d*:[1-9]\d*", line) for line in last)
    assert any(line.startswith("HEALTHCHECK") for line in last)
    assert not any("uv" in line for line in last)


@pytest.mark.parametrize("name", SERVICES)
def test_every_image_has_a_tag_and_no_privilege(name: str) -> None:
    service = compose()["services"][name]
    _, colon, tag = service["image"].rpartition(":")
    assert colon
    assert re.fullmatch(r"v?\d+\.\d+\.\d+", tag)
    assert service["cap_drop"] == ["ALL"]
    assert "no-new-privileges:true" in service["security_opt"]
    assert all(port.startswith("127.0.0.1:") for port in service["ports"])


def test_the_image_is_of_this_version() -> None:
    assert compose()["services"]["mailprobe"]["image"] == f"mailprobe:{__version__}"


def test_secrets_are_files_and_no_password_is_written() -> None:
    whole = compose()
    assert all(set(secret) == {"file"} for secret in whole["secrets"].values())
    for service in whole["services"].values():
        for key, value in service.get("environment", {}).items():
            assert not re.search("PASSWORD|SECRET|TOKEN", key) or (key.endswith("__FILE") and value.startswith("/run/secrets/"))
    assert "docker/secrets/" in (ROOT / ".gitignore").read_text().splitlines()


@pytest.mark.parametrize("name", SERVICES)
def test_what_is_mounted_is_there(name: str) -> None:
    for volume in compose()["services"][name].get("volumes", []):
        source = volume.split(":")[0]
        if source.startswith("../grafana") and not (ROOT / "grafana" / "rules").exists():
            pytest.skip("rules and dashboards are not in this tree")
        if source.startswith("."):
            assert (DOCKER / source).exists(), source
        else:
            assert source in compose()["volumes"]


def test_prometheus_and_grafana_find_each_other() -> None:
    scraped = yaml.safe_load((DOCKER / "prometheus.yml").read_text())
    (job,) = scraped["scrape_configs"]
    assert job["job_name"] == "mailprobe"
    targets = [*job["static_configs"][0]["targets"], scraped["alerting"]["alertmanagers"][0]["static_configs"][0]["targets"][0]]
    source = yaml.safe_load((DOCKER / "datasource.yml").read_text())["datasources"][0]["url"]
    assert {place.removeprefix("http://").partition(":")[0] for place in [*targets, source]} == set(SERVICES) - {"grafana"}


def unit(name: str) -> configparser.ConfigParser:
    parser = configparser.ConfigParser(strict=False, interpolation=None)
    parser.optionxform = str  # type: ignore[assignment,method-assign]  # the documented way to keep capitals
    parser.read(DOCKER / name)
    return parser


def test_the_units_say_what_the_program_does() -> None:
    service, socket = unit("mailprobe.service")["Service"], unit("mailprobe.socket")["Socket"]
    assert (service["Type"], service["ExecReload"]) == ("notify", "/bin/kill -HUP $MAINPID")
    assert socket["FileDescriptorName"] == "bounces"
    assert int(service["TimeoutStopSec"].rstrip("s")) > 20  # ten for the drain, ten for a locked store


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd is not installed here")
def test_the_service_is_hardened() -> None:
    """An exposure below 2.0 of 10."""
    command = ["systemd-analyze", "security", "--offline=yes", "--threshold=20", "--no-pager", str(DOCKER / "mailprobe.service")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-200:]


def test_the_healthcheck_is_in_the_image() -> None:
    recipe = (DOCKER / "Dockerfile").read_text()
    assert "COPY docker/healthcheck.py /opt/mailprobe/healthcheck.py" in recipe
    assert 'CMD ["python3", "/opt/mailprobe/healthcheck.py"]' in recipe


def test_what_is_copied_reaches_the_build() -> None:
    """An engine is given what .dockerignore lets in, and stops at whatever else is asked for."""
    ignored = (ROOT / ".dockerignore").read_text().split()
    assert ignored[0] == "*"
    let_in = {one.removeprefix("!") for one in ignored if one.startswith("!")}
    copies = re.findall(r"^COPY (?!--from)(.+) \S+$", (DOCKER / "Dockerfile").read_text(), re.MULTILINE)
    wanted = {source.removeprefix("./") for line in copies for source in line.split()}
    assert "docker/healthcheck.py" in wanted
    assert wanted - let_in == set()
    assert [one for one in wanted if not (ROOT / one).exists()] == []
