"""What the carrier's own systems say of a mailbox counts in its check, and who had them asked stands in the trail."""

from __future__ import annotations

import dataclasses
import json
import sys
import time
from dataclasses import replace

from mailprobe.carriers import Lookup
from mailprobe.console.calls import repairing
from mailprobe.console.calls.call import Watched
from mailprobe.console.calls.view import View
from mailprobe.store.audit import Search
from tests.e2e.console.operating import Operating, operating


def says(here: Operating, **answer: str | bool) -> None:
    """The carrier's own program, which answers so from now on."""
    config = here.house.config
    asked = Lookup(command=(sys.executable, "-c", f"print({json.dumps(json.dumps(answer))})", "{address}"), within=20.0)
    config.carriers["mobile"] = dataclasses.replace(config.carriers["mobile"], lookup=asked)


async def test_a_contract_that_is_looked_up_makes_the_case_sure() -> None:
    async with operating() as here:
        asked_nobody = await here.checked("lost-untold")
        assert asked_nobody["verdict"]["confidence"] == "medium"
    async with operating() as here:
        says(here, contract="active")
        view = await here.checked("lost-untold", ticket="T-1")
        assert (view["verdict"]["code"], view["verdict"]["confidence"]) == ("directory_out_of_sync", "high")
        contract = next(one for one in view["questions"] if one["key"] == "contract")
        assert (contract["told"], contract["measured"]) == (None, "contract=active")
        assert [(what, of, why) for _, what, of, why in here.notes.rows][:2] == [
            ("check", "lost-untold", "T-1"),
            ("lookup", "lost-untold", "T-1"),
        ]


async def test_what_the_agent_ticked_stays_and_contradicts() -> None:
    async with operating() as here:
        says(here, contract="active")
        view = await here.checked("lost-untold", observed=["contract=closed"])
        contract = next(one for one in view["questions"] if one["key"] == "contract")
        assert (contract["told"], contract["measured"]) == ("contract=closed", "contract=active")
        assert (view["verdict"]["code"], view["verdict"]["confidence"]) == ("directory_out_of_sync", "medium")
        assert view["verdict"]["conflicts"] == ["contract_told:contract_recorded"]
        assert "what was told of the contract" in view["verdict"]["known"]


async def test_the_carriers_own_lists_stand_beside_its_servers_answers() -> None:
    async with operating() as here:
        says(here, contract="active", in_mx_map=True, in_imap_directory=False)
        view = await here.checked("lost-untold")
        assert (view["verdict"]["code"], view["verdict"]["confidence"]) == ("directory_out_of_sync", "medium")
        assert "mx_unknown:mx_map_lists" in view["verdict"]["conflicts"]
        assert [one["answer"] for one in view["proof"]["rows"] if one["kind"] == "record"] == [
            "contract=active",
            "in_mx_map=yes",
            "in_imap_directory=no",
        ]


async def test_nonsense_spoils_its_own_word_and_no_other() -> None:
    async with operating() as here:
        says(here, contract="active", mail_password_changed_at="2999-01-01T00:00:00Z")
        view = await here.checked("lost-untold")
        assert {one["key"]: one["measured"] for one in view["questions"] if one["measured"]} == {"contract": "contract=active"}
        assert (view["verdict"]["code"], view["verdict"]["confidence"]) == ("directory_out_of_sync", "high")


async def test_a_watch_asks_again_on_behalf_of_who_set_it_before_the_answer_is_too_old() -> None:
    async with operating() as here:
        says(here, contract="active")
        view = await here.checked("lost-untold")
        call = here.desk.calls.whole[view["id"]]
        call.watch = Watched(time.time() + 3600.0, "T-9", "suzuki")
        mx = call.last("mx")
        assert mx is not None
        says(here, contract="closed")
        assert await repairing.heard_again(here.desk.calls, call) == ()  # the last answer is young
        call.evidence = tuple(replace(one, started=one.started - 1900.0) for one in call.evidence)
        await repairing.read(here.desk.calls, call, (replace(mx, started=time.time()),))
        assert contract_of(here.desk.view(call, "en")) == "contract=closed"
        noted = await here.house.store.audit.find(Search())
        assert [(one.who, one.what, one.of, one.why) for one in noted] == [("suzuki", "lookup", "lost-untold", "T-9")]


def contract_of(view: View) -> str | None:
    return next(one for one in view.questions if one.key == "contract").measured


async def test_a_verified_repair_is_looked_up_again_on_behalf_of_who_asks() -> None:
    async with operating() as here:
        says(here, contract="closed")
        view = await here.checked("lost-untold")
        says(here, contract="active")
        here.http.headers["x-name"] = "suzuki"
        begun = (await here.http.post(f"/api/v1/checks/{view['id']}/verify")).json()
        again = (await here.views(begun))[-1]
        contract = next(one for one in again["questions"] if one["key"] == "contract")
        assert (contract["told"], contract["measured"]) == (None, "contract=active")
        assert [who for who, what, _, _ in here.notes.rows if what == "lookup"] == ["sato", "suzuki"]
