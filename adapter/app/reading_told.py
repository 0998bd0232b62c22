"""What the log and the metrics say of a message that was read."""

from adapter.outcome import Held, Ignored
from adapter.reading import KeptMessage, Read
from adapter.store.recording import Recorded
from adapter.telemetry import Telemetry


def tell_reading(telemetry: Telemetry, message: KeptMessage, recorded: Recorded) -> None:
    """Turn what became of a message into its line and its counts."""
    reading = recorded.reading
    if isinstance(reading, Held):
        _tell_held(telemetry, message, reading)
    elif isinstance(reading, Ignored):
        telemetry.read("ignored")
        telemetry.say("ignored", message_id=message.id)
    elif isinstance(reading, Read):
        telemetry.read("read")
        facts = {"mapping": reading.mapping_id, "version": reading.mapping_version}
        telemetry.say("read", message_id=message.id, mapping_sha256=reading.mapping_sha256, **facts)
    else:
        telemetry.read("merged")
        telemetry.say("merged", message_id=message.id)
    if recorded.remark is not None:
        telemetry.remarked(recorded.remark)
        telemetry.warn(recorded.remark, message_id=message.id, patient=message.patient)


def _tell_held(telemetry: Telemetry, message: KeptMessage, held: Held) -> None:
    telemetry.read("held", held.problem.value)
    facts = {"problem": held.problem.value, "place": held.place, "rule": held.rule}
    telemetry.warn("held", message_id=message.id, **facts)
