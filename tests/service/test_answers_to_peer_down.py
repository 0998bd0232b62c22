"""A peer that is down, and a service that ends or is killed, cost no answer: each goes out when both are back."""

import asyncio
import json
import signal
from pathlib import Path

import pytest
from answer_peer import AnswerListener
from answering import ENHANCED, adapter_for, commits, eventually, undelivered
from mllp_messages import message
from program import Serving
from raw_peer import raw_peer


async def test_a_peer_that_is_down_costs_no_sender_anything_and_gets_all_in_order_when_it_is_back(
    tmp_path: Path,
) -> None:
    names = [f"M{number}" for number in range(20)]
    async with (
        AnswerListener() as peer,
        adapter_for(tmp_path, peer) as adapter,
        raw_peer(adapter.addresses.mllp) as raw,
    ):
        await peer.close()
        for name in names:
            assert await commits(raw, message(name, "read", *ENHANCED)) == [("CA", name)]
        await adapter.settled()
        assert await undelivered(adapter) == len(names)

        await peer.open()
        await peer.has(len(names), within=30)
        await eventually(adapter, 0)

    assert peer.answered() == [("AA", name) for name in names]


async def test_what_waits_is_sent_after_a_restart(tmp_path: Path) -> None:
    peer = AnswerListener()
    async with peer:
        await peer.close()
        async with adapter_for(tmp_path, peer) as adapter, raw_peer(adapter.addresses.mllp) as raw:
            await commits(raw, message("M1", "read", *ENHANCED))
            await adapter.settled()
        await peer.open()
        async with adapter_for(tmp_path, peer) as adapter:
            await peer.has(1)
            await eventually(adapter, 0)

    assert peer.answered() == [("AA", "M1")]


@pytest.mark.parametrize("fault", ["close", "deaf", "AR", "CE 207"])
async def test_what_was_not_accepted_is_sent_again_in_the_same_bytes_after_a_restart(
    tmp_path: Path, fault: str
) -> None:
    async with AnswerListener(fault) as peer:
        async with adapter_for(tmp_path, peer) as adapter, raw_peer(adapter.addresses.mllp) as raw:
            await commits(raw, message("M1", "read", *ENHANCED))
            await peer.has(1)
        async with adapter_for(tmp_path, peer) as adapter:
            await peer.has(2)
            await eventually(adapter, 0)

    assert len(set(peer.received)) == 1


@pytest.mark.slow
async def test_a_service_that_is_killed_owes_its_answers_still(tmp_path: Path) -> None:
    async with AnswerListener() as peer:
        config = tmp_path / "site.yaml"
        entry = {"name": "default", "answers_to": {**peer.settings, "answer_timeout": "0.3"}}
        config.write_text(json.dumps({"mllp": {"senders": [entry]}, "store": {"url": f"sqlite:///{tmp_path}/n.db"}}))
        await peer.close()
        with Serving(tmp_path, "--config", config) as service:
            async with raw_peer(service.address("mllp")) as raw:
                names = [f"M{number}" for number in range(5)]
                await commits(raw, *(message(name, "read", *ENHANCED) for name in names))
            await asyncio.to_thread(service.wait_for, '"event": "answer-failed"')
            service.end(signal.SIGKILL)
        await peer.open()
        with Serving(tmp_path, "--config", config) as service:
            await peer.has_answers_to(names)
            assert service.end() == 0
            delivered = service.said("answer-delivered")

    assert {control_id for _, control_id in peer.answered()} == set(names)
    assert {(line["listener"], line["sender"]) for line in delivered} == {("mllp", "default")}
