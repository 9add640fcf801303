"""The record: what one work finds does not touch what is known of the others, and pages are written from it alone."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from bench import record, report
from bench.results import Figure, Row, against, alone, at_most

FIGURE = Figure(
    "nginx nchan", "1.22.1", 500, 8, None, 5.25, 198_324.3, 19.4, 25.0, 30.0, True, [{"sent": 7, "violations": {}}]
)
ENTRY = record.Entry(
    work="fanout",
    date="2026-01-02T03:04:05Z",
    commit="abc1234",
    seconds=12.0,
    load_before=0.25,
    machine={"cores": 2, "processor": "Abacus", "memory_gb": 4.0, "kernel": "6.1", "python": "3.11.7"},
    notes=["nginx nchan: 1.22.1."],
    rows=[against("live, window 8", "deliveries/s", 400_000.0, "nginx nchan", 198_324.3, goal=2.0, ratio=2.1)],
    figures=[FIGURE],
)


def test_a_work_that_is_measured_again_replaces_its_own_entry_alone(tmp_path: Path):
    file = tmp_path / "results.json"
    rooms = replace(ENTRY, work="rooms", rows=[alone("sends", "/s", 4_000, ">=", 5_000)], figures=[])
    again = replace(ENTRY, commit="def5678", rows=[])
    for entry in (ENTRY, rooms, again):
        record.merge(entry, file)
    assert record.read(file) == {"fanout": again, "rooms": rooms}


def test_nothing_is_known_before_anything_was_measured(tmp_path: Path):
    assert record.read(tmp_path / "results.json") == {}


def test_a_goal_holds_is_missed_or_is_open():
    assert at_most("p99", "ms", 11.0, "calm", 10.0, 1.2).holds is True
    assert at_most("p99", "ms", 13.0, "calm", 10.0, 1.2).holds is False
    assert against("live", "deliveries/s", 5.0, "nginx nchan", None, goal=2.0).holds is None
    assert against("live", "deliveries/s", 5.0, "node ws", 2.0, goal=None).holds is None


def test_a_row_in_the_record_says_whether_it_holds(tmp_path: Path):
    record.merge(ENTRY, tmp_path / "results.json")
    assert '"holds": true' in (tmp_path / "results.json").read_text()


def test_a_report_replaces_what_stands_between_the_markers(tmp_path: Path):
    page = tmp_path / "performance.md"
    page.write_text(f"Before.\n{report.BEGIN}\nof old\n{report.END}\nAfter.\n")
    report.write({"fanout": ENTRY}, page)
    text = page.read_text()
    assert text.startswith(f"Before.\n{report.BEGIN}\n")
    assert text.endswith(f"\n{report.END}\nAfter.\n")
    assert "of old" not in text
    assert "| live, window 8 | 400,000 deliveries/s | 198,324 | nginx nchan | 2.10 | >= 2 | yes |" in text
    assert "| nginx nchan | 500 members, window 8 | 5.25 | 198,324 | 19.4 | 25 | 30 |" in text
    assert "commit abc1234" in text


def test_a_report_is_the_same_the_second_time(tmp_path: Path):
    page = tmp_path / "performance.md"
    first = report.write({"fanout": ENTRY}, page).read_text()
    assert report.write({"fanout": ENTRY}, page).read_text() == first


def test_a_report_tells_how_many_goals_are_missed(tmp_path: Path):
    rows = [Row("work", "x", 2.0, "", None, 2.0, "<=", 1.0), Row("shown", "x", 2.0, "", None, 2.0, "<=", None)]
    page = report.write({"fanout": replace(ENTRY, rows=[*ENTRY.rows, *rows])}, tmp_path / "performance.md")
    assert "1 of 2 goals hold; missed: 1." in page.read_text()
