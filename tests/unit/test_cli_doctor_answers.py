"""``doctor`` tells whether the peers that take senders' answers can be reached, and sends them nothing."""

from answer_peer import AnswerListener

from adapter.cli.doctor import look_at_answer_peers
from adapter.settings import Settings


def settings(peer: AnswerListener, **entry: object) -> Settings:
    sender = {"name": "default", "answers_to": peer.settings | entry}
    return Settings.model_validate({"mllp": {"senders": [{"name": "ris", "networks": ["10.0.0.0/8"]}, sender]}})


async def test_a_peer_that_listens_is_found_and_gets_nothing():
    async with AnswerListener() as peer:
        (found,) = await look_at_answer_peers(settings(peer))

    assert (found.area, found.state) == ("answers of mllp/default", "ok")
    assert found.says == f"a connection to 127.0.0.1 port {peer.port} stands"
    assert peer.received == []


async def test_a_peer_that_is_down_is_named_with_what_to_look_at():
    async with AnswerListener() as peer:
        gone = settings(peer)
    (found,) = await look_at_answer_peers(gone)

    assert (found.area, found.state) == ("answers of mllp/default", "finding")
    assert "answers_to" in found.advice


async def test_files_of_tls_that_cannot_be_used_are_named_by_their_setting(tmp_path):
    async with AnswerListener() as peer:
        (found,) = await look_at_answer_peers(
            settings(peer, encrypted=True, tls={"authorities": str(tmp_path / "none.pem")})
        )

    assert found.says == "answers_to.tls of mllp/default: the files cannot be used"


async def test_where_no_sender_has_a_peer_nothing_is_looked_for():
    assert await look_at_answer_peers(Settings()) == []
