"""The resolver against a real name server (nsd) on loopback, and against one that says nothing."""

import asyncio
import shutil
import socket
import subprocess
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from mailprobe.evidence import Lookup
from mailprobe.net.resolver import Resolver
from tests.e2e.real.postoffice import free_port

pytestmark = pytest.mark.skipif(shutil.which("nsd") is None, reason="nsd is not installed")

ZONE = """
$ORIGIN d.test.
@ 60 IN SOA ns hostmaster 1 3600 600 86400 60
@ 60 IN NS ns
@ 60 IN MX 20 mx2
@ 60 IN MX 10 mx1
ns 60 IN A 127.0.0.1
mx1 60 IN A 192.0.2.1
mx1 60 IN AAAA 2001:db8::1
mx2 60 IN CNAME mx1
null 60 IN MX 0 .
loop 60 IN CNAME pool
pool 60 IN CNAME loop
_imaps._tcp 60 IN SRV 0 1 993 mx1
""" + "\n".join(f'big 60 IN TXT "{n} {"x" * 200}"' for n in range(60))

CONFIG = """
server:
  ip-address: 127.0.0.1@{port}
  port: {port}
  username: ""
  chroot: ""
  zonesdir: "{base}"
  pidfile: "{base}/nsd.pid"
  xfrdfile: "{base}/xfrd.state"
  xfrdir: "{base}"
  zonelistfile: "{base}/zone.list"
  database: ""
  logfile: "{base}/nsd.log"
remote-control:
  control-enable: no
zone:
  name: d.test
  zonefile: d.test.zone
"""


@pytest.fixture(scope="module")
def nameserver(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    base, port = tmp_path_factory.mktemp("nsd"), free_port()
    (base / "d.test.zone").write_text(ZONE)
    (base / "nsd.conf").write_text(CONFIG.format(base=base, port=port))
    server = subprocess.Popen(["nsd", "-d", "-c", str(base / "nsd.conf")], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        wait_until_it_listens(server, port, base / "nsd.log")
        yield f"127.0.0.1:{port}"
    finally:
        server.terminate()
        server.wait(10)


def wait_until_it_listens(server: "subprocess.Popen[bytes]", port: int, log: Path) -> None:
    until = time.monotonic() + 10
    while time.monotonic() < until and server.poll() is None:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
        except OSError:
            time.sleep(0.05)
        else:
            return
    pytest.fail(log.read_text() if log.exists() else "nsd did not start")


@pytest.fixture
async def silence() -> AsyncIterator[str]:
    """A port that takes datagrams and never answers."""
    loop = asyncio.get_running_loop()
    transport, _ = await loop.create_datagram_endpoint(asyncio.DatagramProtocol, ("127.0.0.1", 0))
    yield "127.0.0.1:{}".format(transport.get_extra_info("sockname")[1])
    transport.close()


async def test_what_a_real_server_says(nameserver: str) -> None:
    asking = Resolver((nameserver,))
    assert (await asking.mx("d.test")).values == ("10 mx1.d.test.", "20 mx2.d.test.")
    assert (await asking.mx("null.d.test")).outcome is Lookup.NULL_MX
    assert (await asking.mx("nobody.d.test")).outcome is Lookup.NXDOMAIN
    assert (await asking.mx("mx1.d.test")).outcome is Lookup.NODATA
    assert (await asking.mx("elsewhere.test")).outcome is Lookup.REFUSED
    assert [one.values for one in await asking.addresses("mx2.d.test")] == [("192.0.2.1",), ("2001:db8::1",)]
    assert (await asking.addresses("loop.d.test"))[0].outcome in (Lookup.ERROR, Lookup.SERVFAIL)
    assert (await asking.srv("d.test", "_imaps._tcp")).hosts == ("mx1.d.test",)


async def test_an_answer_too_big_for_a_datagram_comes_by_tcp(nameserver: str) -> None:
    answer = await Resolver((nameserver,)).txt("big.d.test")
    assert (answer.outcome, len(answer.values)) == (Lookup.FOUND, 20)


async def test_a_silent_resolver_is_passed_over(nameserver: str, silence: str) -> None:
    answer = await Resolver((silence, nameserver)).mx("d.test")
    assert (answer.outcome, answer.resolver) == (Lookup.FOUND, nameserver)
    assert 1.5 < answer.took < 3.5


async def test_silence_ends_in_time_and_leaves_nothing_open(silence: str) -> None:
    before = len(asyncio.all_tasks())
    answer = await Resolver((silence,)).mx("d.test")
    assert answer.outcome is Lookup.TIMEOUT
    assert answer.took < 5.5
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(Resolver((silence,)).addresses("d.test"), 0.2)
    assert len(asyncio.all_tasks()) == before
