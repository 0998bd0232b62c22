"""``score --lines``: a table a line in, a result a line out, in order, each line answered for itself and at once."""

import io
import json
import os
import subprocess
import sys

import pytest

from adapter.cli.score_lines import score_lines

COMMAND = [sys.executable, "-m", "adapter", "score", "--lines"]
BAD = '{"lesions": [{"id": "L1", "size_mm": "SECRET"}]}'


def line(name, fdg="negative"):
    return json.dumps({"lesions": [{"id": name, "sstr": {"uptake": "positive"}, "fdg": {"uptake": fdg}}]})


def answers(text, **options):
    out = io.StringIO()
    code = score_lines(io.BytesIO(text.encode()), out, **options)
    return code, [json.loads(each) for each in out.getvalue().splitlines()]


def test_each_line_has_its_result_in_its_place():
    code, found = answers(f"{line('a')}\n{line('b', 'positive')}\n{line('c')}\n")

    assert code == 0
    assert [list(each["patterns"]) for each in found] == [["a"], ["b"], ["c"]]


def test_a_bad_line_keeps_its_place_names_its_field_and_stops_nothing():
    code, found = answers(f"{line('a')}\n{BAD}\n{{\n{line('d')}")

    assert code == 2
    assert found[1] == {"error": "lesions[0].size_mm: Input should be a number", "line": 2}
    assert [found[2]["line"], found[0]["grade"], found[3]["grade"]] == [3, "P1", "P1"]


def test_blank_lines_are_passed_over_and_counted():
    code, found = answers(f"\n{line('a')}\r\n   \n{BAD}\n\n")

    assert (code, len(found), found[1]["line"]) == (2, 2, 4)


def test_no_line_is_no_result_and_no_fault():
    assert answers("") == (0, [])


def test_the_last_line_needs_no_newline():
    assert answers(line("a"))[1][0]["grade"] == "P1"


def test_explain_adds_the_sentence_to_each_line():
    assert answers(line("a"), explain=True)[1][0]["explanation"].startswith("lesion a:")


def test_the_command_leaves_with_2_when_any_line_is_bad():
    done = subprocess.run(COMMAND, input=f"{line('a')}\n{BAD}\n".encode(), capture_output=True, timeout=60, check=False)

    assert (done.returncode, done.stderr, done.stdout.count(b"\n")) == (2, b"", 2)
    assert b"SECRET" not in done.stdout


def test_a_line_written_alone_is_answered_while_the_pipe_stays_open():
    with subprocess.Popen(COMMAND, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        for name in "abc":
            process.stdin.write(f"{line(name)}\n".encode())
            process.stdin.flush()

            assert list(json.loads(process.stdout.readline())["patterns"]) == [name]
        process.stdin.close()

        assert process.wait(30) == 0


def test_a_line_is_answered_although_half_of_the_next_is_already_there():
    with subprocess.Popen(COMMAND, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        process.stdin.write(f"{line('a')}\n{line('b')[:20]}".encode())
        process.stdin.flush()
        first = json.loads(process.stdout.readline())
        process.stdin.write(f"{line('b')[20:]}\n".encode())
        process.stdin.flush()
        second = json.loads(process.stdout.readline())
        process.stdin.close()

        assert (list(first["patterns"]), list(second["patterns"]), process.wait(30)) == (["a"], ["b"], 0)


@pytest.mark.slow
def test_twenty_thousand_lines_keep_their_order_and_a_bad_one_its_place(tmp_path):
    file = tmp_path / "many.jsonl"
    file.write_text("".join(f"{BAD if place == 12_345 else line(f'L{place}')}\n" for place in range(20_000)))

    done = subprocess.run([*COMMAND, str(file)], capture_output=True, timeout=120, check=False)
    found = [json.loads(each) for each in done.stdout.splitlines()]

    assert (done.returncode, done.stderr, len(found)) == (2, b"", 20_000)
    assert found[12_345]["line"] == 12_346
    assert [next(iter(each.get("patterns", {"": 0}))) for each in found] == [
        "" if place == 12_345 else f"L{place}" for place in range(20_000)
    ]


@pytest.mark.slow
def test_many_lines_of_an_open_pipe_are_all_answered_before_it_closes():
    reading, writing = os.pipe()
    with subprocess.Popen(COMMAND, stdin=reading, stdout=subprocess.PIPE) as process, os.fdopen(writing, "wb") as pipe:
        os.close(reading)
        pipe.write("".join(f"{line(f'L{place}')}\n" for place in range(1_100)).encode())
        pipe.flush()
        found = [json.loads(process.stdout.readline()) for _ in range(1_100)]
        pipe.close()

        assert [next(iter(each["patterns"])) for each in found] == [f"L{place}" for place in range(1_100)]
        assert process.wait(30) == 0
