"""Changed mapping files come into use as a whole, proven, or not at all; the former set then stays and it is said."""

import asyncio
import os
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest
from mapping_messages import MALIGNANT, SITE, site_oru
from mapping_messages import MAPPINGS as SHIPPED

from adapter.app.hot_reload import HotReload, Outcome, Source
from adapter.app.mapping_files import door, load_proven, prove, signature
from adapter.app.mappings_in_use import MappingsInUse
from adapter.hl7v2.message import Message
from adapter.mapping.catalogue import MappingSet
from adapter.mapping.errors import MappingFileError
from adapter.mapping.message_reading import Extraction, read_message
from adapter.telemetry import Telemetry

NOW = datetime(2026, 11, 22, 8, 0, tzinfo=UTC)
NEXT = SITE.replace("1.2.0", "1.3.0").replace("PHYS: not-tumour", "PHYS: not-tumour, BEN: not-tumour")
MESSAGE = site_oru(MALIGNANT)
CASE = """\
schema: netpet-mapping-test/1
cases:
  - name: a malignant lesion is tumour
    input: |
      {message}
    expect: {{lesions: [{{row: "1", nature: {nature}}}]}}
"""


def cases_expecting(nature: str) -> str:
    return CASE.format(message=MESSAGE.replace("\r", "\n      "), nature=nature)


class Site:
    """A folder of mappings as a service has it in use."""

    def __init__(self, folder: Path, prove=prove) -> None:
        self.folder = folder
        self.write(SITE)
        self.telemetry = Telemetry()
        self.in_use = MappingsInUse(MappingSet.load(folder), NOW)
        self.swaps = 0
        source = Source(folder, prove)
        self.hot = HotReload(source, self.in_use, self.telemetry, lambda: NOW, self._swapped)

    def _swapped(self) -> None:
        self.swaps += 1

    def write(self, text: str, name: str = "site.yaml") -> None:
        (self.folder / name).write_text(text)

    @property
    def version(self) -> str:
        return self.in_use.current.mappings[0].form.version

    def counted(self, outcome: str) -> float:
        found = self.telemetry.registry.get_sample_value("netpet_mapping_reloads_total", {"outcome": outcome})
        return found or 0


@pytest.fixture
def site(tmp_path):
    return Site(tmp_path)


async def test_a_new_version_comes_into_use(capsys, tmp_path):
    site = Site(tmp_path)
    site.write(NEXT)

    attempt = await site.hot.reload("a test")

    assert (attempt.outcome, attempt.faults, site.version, site.swaps) == (Outcome.SWAPPED, (), "1.3.0", 1)
    assert site.hot.notice == ""
    assert '"event": "mappings-swapped"' in capsys.readouterr().err
    assert (site.counted("swapped"), site.telemetry.registry.get_sample_value("netpet_mappings_current")) == (1, 1)


async def test_files_that_say_the_same_change_nothing(site):
    site.write("# a comment\n" + SITE)

    assert (await site.hot.reload("a test")).outcome is Outcome.UNCHANGED
    assert (site.swaps, site.in_use.since) == (0, NOW)


async def test_a_file_that_cannot_be_used_leaves_the_former_set_in_use_and_says_so(capsys, tmp_path):
    site = Site(tmp_path)
    site.write(NEXT.replace("MAL: tumour", "MAL: malignant"))

    attempt = await site.hot.reload("a test")

    assert (attempt.outcome, site.version, site.swaps) == (Outcome.REFUSED, "1.2.0", 0)
    assert attempt.faults[0].startswith("site.yaml:")
    assert attempt.faults[0] in site.hot.notice
    assert site.hot.brief_notice.endswith("GET /mappings names 1 fault(s)")
    assert site.telemetry.registry.get_sample_value("netpet_mappings_current") == 0
    assert '"event": "mappings-refused"' in capsys.readouterr().err


async def test_the_notice_goes_when_the_files_are_mended(site):
    site.write("no mapping")
    await site.hot.reload("a test")
    site.write(SITE)
    await site.hot.reload("a test")

    assert (site.hot.notice, site.hot.brief_notice) == ("", "")


async def test_of_many_faults_twenty_are_named_and_the_others_counted(site):
    site.write(NEXT + "".join(f"part{number}: x\n" for number in range(30)))

    faults = (await site.hot.reload("a test")).faults

    assert (len(faults), faults[-1]) == (21, "and 10 more")


async def test_a_set_whose_own_tests_fail_is_refused_without_a_word_of_the_message(site):
    site.write(NEXT)
    site.write(cases_expecting("uncertain"), "site.test.yaml")

    attempt = await site.hot.reload("a test")

    assert (attempt.outcome, site.version) == (Outcome.REFUSED, "1.2.0")
    (fault,) = attempt.faults
    assert "cases that fail: 1, the first is 'a malignant lesion is tumour'" in fault
    assert "DOE" not in fault


async def test_a_set_whose_own_tests_pass_comes_into_use(site):
    site.write(NEXT)
    site.write(cases_expecting("tumour"), "site.test.yaml")

    assert (await site.hot.reload("a test")).outcome is Outcome.SWAPPED


@pytest.mark.parametrize("tests", ["cases: nothing", None])
async def test_tests_that_cannot_be_read_prove_nothing(site, tests):
    site.write(NEXT)
    if tests is None:
        (site.folder / "site.test.yaml").mkdir()
    else:
        site.write(tests, "site.test.yaml")

    attempt = await site.hot.reload("a test")

    assert attempt.outcome is Outcome.REFUSED
    assert all(fault.startswith("site.test.yaml:") for fault in attempt.faults)


async def test_the_tests_of_a_draft_hold_up_nobody(site):
    site.write(NEXT.replace("id: st-elsewhere", "id: draft").replace("status: active", "status: draft"), "draft.yaml")
    site.write(cases_expecting("uncertain"), "draft.test.yaml")

    assert (await site.hot.reload("a test")).outcome is Outcome.SWAPPED


async def test_a_content_that_changed_under_its_version_is_refused(site):
    site.write(NEXT.replace("1.3.0", "1.2.0"))

    attempt = await site.hot.reload("a test")

    assert (attempt.outcome, site.in_use.current.mappings[0].plan.mapping.tables["nature"].get("BEN")) == (
        Outcome.REFUSED,
        None,
    )
    assert attempt.faults == (
        "site.yaml:0:0: the content of st-elsewhere@1.2.0, which is in use, changed: raise its version",
    )


async def test_a_fault_of_ours_leaves_the_former_set_in_use(tmp_path):
    def fail(_mappings, _directory):
        raise ZeroDivisionError

    site = Site(tmp_path, fail)

    attempt = await site.hot.reload("a test")

    assert (attempt.outcome, attempt.faults) == (Outcome.REFUSED, ("the program failed: ZeroDivisionError",))


def test_files_that_change_while_they_are_read_are_read_anew(tmp_path):
    (tmp_path / "site.yaml").write_text(SITE)
    readings = []

    def change_once(mappings, _directory):
        readings.append(mappings.mappings[0].form.version)
        if len(readings) == 1:
            (tmp_path / "site.yaml").write_text(NEXT)
        return iter(())

    assert load_proven(tmp_path, change_once).mappings[0].form.version == "1.3.0"
    assert readings == ["1.2.0", "1.3.0"]


def test_files_that_never_stand_still_are_not_used(tmp_path):
    (tmp_path / "site.yaml").write_text(SITE)

    def change(_mappings, _directory):
        (tmp_path / "site.yaml").write_text(SITE + f"# {os.urandom(8).hex()}\n")
        return iter(())

    with pytest.raises(MappingFileError, match="keep changing"):
        load_proven(tmp_path, change)


def test_a_message_keeps_the_set_it_began_with(site):
    begun = site.in_use.current
    site.in_use.swap(MappingSet(()), NOW)

    assert isinstance(read_message(Message.parse(MESSAGE), begun), Extraction)


def test_a_link_that_leads_to_another_file_is_a_change(tmp_path):
    for name in ("first", "second"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "site.yaml").write_text(SITE)
    (tmp_path / "..data").symlink_to("first")
    (tmp_path / "site.yaml").symlink_to("..data/site.yaml")
    before = signature(tmp_path)

    (tmp_path / "..new").symlink_to("second")
    (tmp_path / "..new").rename(tmp_path / "..data")

    assert signature(tmp_path) != before


def test_a_link_that_leads_nowhere_is_seen(tmp_path):
    (tmp_path / "site.yaml").symlink_to("nowhere")

    assert signature(tmp_path) == (("site.yaml", 0, 0, 0, 0),)


@asynccontextmanager
async def watching(site, every=0.02):
    task = asyncio.create_task(site.hot.watch(every))
    try:
        await until(lambda: site.hot.last is not None)
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def until(holds):
    async with asyncio.timeout(10):
        while not holds():  # noqa: ASYNC110 - a swap tells nobody outside
            await asyncio.sleep(0.005)


async def test_the_set_is_proven_when_the_watch_begins(site):
    site.write(cases_expecting("uncertain"), "site.test.yaml")

    async with watching(site):
        assert site.hot.last.outcome is Outcome.REFUSED
        assert site.hot.last.trigger == "start"


async def test_a_watched_file_comes_into_use_when_it_changes_and_is_tried_once(site):
    async with watching(site):
        site.write(NEXT.replace("MAL: tumour", "MAL: malignant"))
        await until(lambda: site.hot.notice)
        site.write(NEXT)
        await until(lambda: site.version == "1.3.0")
        assert site.hot.last.trigger == "files changed"

    assert (site.counted("refused"), site.counted("swapped")) == (1, 1)


async def test_who_does_not_watch_reads_the_files_when_asked(site):
    async with watching(site, every=0):
        site.write(NEXT)
        site.hot.ask("SIGHUP")
        await until(lambda: site.version == "1.3.0")

    assert site.hot.last.trigger == "SIGHUP"


def test_the_shipped_mappings_pass_the_tests_beside_them():
    assert {mapping.form.id for mapping in load_proven(SHIPPED, prove).active} == {"canonical", "canonical_fhir"}


def test_what_the_receiver_would_refuse_is_refused_in_a_test_too():
    refused = door(b"ADT|")

    assert refused is not None
    assert door(MESSAGE.encode()) is None
