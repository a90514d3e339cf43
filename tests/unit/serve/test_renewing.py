"""A certificate of ours that was renewed, or only half of it."""

from __future__ import annotations

import ssl
from pathlib import Path

import pytest

from mailprobe.config import Config, Prober
from mailprobe.demo.tls import Authority
from mailprobe.serve.renewing import renewing

CONFIG = Config(Prober("p.example.net", "p@p.example.net"), {})


def test_a_pair_that_is_none_is_told_and_keeps_nobody_from_reloading(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    Authority(tmp_path, ("127.0.0.1",)).context()
    file = tmp_path / "good.pem"
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file)
    renew = renewing(context, "http", file, None)
    renew(CONFIG, CONFIG)
    assert caplog.messages == []
    for spoil in (lambda: file.write_text("no certificate"), file.unlink):
        spoil()
        renew(CONFIG, CONFIG)
    assert [told.split(" ")[:2] for told in caplog.messages] == [["certificate_not_renewed", "kind=http"]] * 2
    assert str(tmp_path) not in caplog.text
