"""The settings of a peer that gets a sender's application level answers as messages of their own."""

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from adapter.sections import ClientTls, Section, is_loopback

NO_ANSWERS = "answers_to needs ack: auto, without it nothing is answered after the reading"


class AnswersTo(Section):
    """Where the answers of one sender go."""

    host: Annotated[str, Field(min_length=1)]
    """Name or address at which the sender takes its answers, over MLLP."""
    port: Annotated[int, Field(ge=1, le=65535)] = 2575
    """Its TCP port."""
    encrypted: bool = True
    """Speak TLS, with the files of ``tls``; without it only to loopback (a tunnel's end)."""
    tls: ClientTls = ClientTls()
    """The files of TLS."""
    connect_timeout: Annotated[float, Field(gt=0, le=60)] = 5.0
    """Seconds for a connection to stand."""
    answer_timeout: Annotated[float, Field(gt=0, le=600)] = 15.0
    """Seconds for the peer's own acknowledgement; after them the same bytes are sent again."""
    give_up_after: Annotated[float, Field(gt=0, le=8760)] = 72
    """Hours that an answer is tried, until it is given up and listed."""

    @model_validator(mode="after")
    def _is_encrypted(self) -> Self:
        if not self.encrypted and not is_loopback(self.host):
            raise ValueError("only loopback may be reached without TLS: leave encrypted at true, or use a tunnel")
        return self

    @property
    def only_when_gone(self) -> bool:
        """Does an answer go to the connection that brought its message, as long as that stands?"""
        return False


class MllpAnswersTo(AnswersTo):
    """The same for a sender whose connection could take an answer, too."""

    when: Literal["always", "gone"] = "always"
    """``always``: nothing goes back on the sender's connection; ``gone``: what that could not take any more."""

    @property
    def only_when_gone(self) -> bool:
        """Does an answer go to the connection that brought its message, as long as that stands?"""
        return self.when == "gone"
