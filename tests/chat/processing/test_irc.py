"""Reading IRC logs: what is understood, who is who, when it was said, and that nothing makes it fail."""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from itertools import islice

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chat.processing.irc import OddLine, day_in, is_same_nick, parse_log, times_of, usernames_for


def read(*lines: str, seed: str = ""):
    return parse_log("\n".join(lines).encode(), seed=seed)


def told(log):
    return [(message.person, message.text) for message in log.said]


def test_lines_acts_and_comings_and_goings_are_understood():
    log = read(
        "[09:58] <anna> is anybody here?",
        "=== bert [~bert@harbour.example]  has joined #boats",
        "[09:59] <bert> aye",
        "[10:00]  * anna waves",
        "=== bert ties a knot",
        "=== cleo [cleo@10.0.0.1] has left #boats []",
        '=== dora [dora@10.0.0.2] has quit ["gone fishing"]',
        "[10:01:59] <@anna> [10:00] <bert> is what you said",
        "",
    )

    assert told(log) == [
        ("anna", "is anybody here?"),
        ("bert", "aye"),
        ("anna", "/me waves"),
        ("bert", "/me ties a knot"),
        ("anna", "[10:00] <bert> is what you said"),
    ]
    assert [message.line for message in log.said] == [1, 3, 4, 5, 8]
    assert [message.clock for message in log.said] == [time(9, 58), time(9, 59), time(10), time(10), time(10, 1)]
    assert log.people == ["anna", "bert", "cleo", "dora"]
    assert log.odd == []


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        (b"\xff\xfe hello", "not valid UTF-8"),
        (b"[10:00] <anna> a\0b", "a NUL character"),
        (b"[25:00] <anna> too late", "no such time of day"),
        (b"[10:60] <anna> too late", "no such time of day"),
        (b"[10:00] <anna> ", "nothing is said"),
        (b"[10:00] <anna>", "nothing is said"),
        (b"[10:00] * anna", "nothing is said"),
        (b"[10:00] <anna> \x02\x03\x0f", "nothing is said"),
        (b"[10:00] <\xe2\x80\xae> turned around", "the nick has characters that cannot be shown"),
        (b"[10:00] <" + b"x" * 65 + b"> long", "not a line of an IRC log"),
        (b"just some text", "not a line of an IRC log"),
        (b"=== #boats Cannot join channel", "not a line of an IRC log"),
        (b"===", "not a line of an IRC log"),
    ],
)
def test_odd_lines_are_reported_with_their_number_and_harm_nothing(raw, reason):
    log = parse_log(b"[09:00] <anna> before\n" + raw + b"\n[11:00] <anna> after\n")

    assert log.odd == [OddLine(2, reason)]
    assert told(log) == [("anna", "before"), ("anna", "after")]


def test_a_byte_order_mark_line_ends_of_windows_and_colours_are_taken_off():
    log = parse_log(b"\xef\xbb\xbf[10:00] <anna> \x0304,01red\x03 and \x02bold\x02\r\n[10:01] <anna> plain\r\n")

    assert told(log) == [("anna", "red and bold"), ("anna", "plain")]
    assert log.odd == []


def test_an_empty_log_is_empty():
    assert parse_log(b"") == parse_log(b"\n\r\n  \n")
    assert parse_log(b"").said == []


def test_a_new_nick_is_the_same_person():
    log = read(
        "[10:00] <anna> one",
        "=== anna is now known as anna|away",
        "[10:01] <anna|away> two",
        "=== anna|away is now known as captain",
        "[10:02] <Captain> three",
    )

    assert told(log) == [("anna", "one"), ("anna", "two"), ("anna", "three")]
    assert log.people == ["anna"]


def test_a_nick_that_comes_back_is_its_first_owner_again():
    log = read(
        "[10:00] <anna> one",
        "=== anna is now known as anna_",
        "=== anna_ is now known as anna",
        "[10:01] <anna> two",
        "=== bert is now known as anna",
        "[10:02] <anna> the log tells no better",
    )

    assert {person for person, _ in told(log)} == {"anna"}


def test_a_nick_that_was_given_up_belongs_to_who_appears_under_it():
    log = read(
        "=== anna is now known as captain",
        "[10:00] <captain> anna speaks",
        "=== captain is now known as admiral",
        "[10:01] <captain> somebody new",
        "[10:02] <admiral> anna again",
    )

    assert told(log) == [("anna", "anna speaks"), ("captain", "somebody new"), ("anna", "anna again")]


def test_a_nick_that_was_taken_over_belongs_to_its_newest_taker():
    log = read(
        "=== anna is now known as captain",
        "=== bert is now known as captain",
        "[10:00] <captain> who am I?",
    )

    assert told(log) == [("bert", "who am I?")]


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("Anna", "anna", True),
        ("a[b]", "A{B}", True),
        ("a\\b", "a|b", True),
        ("a~", "a^", True),
        ("anna", "anna_", False),
    ],
)
def test_nicks_are_compared_as_irc_does(one, other, same):
    assert is_same_nick(one, other) is same


def test_the_same_line_has_the_same_digest_when_the_log_has_grown():
    grown = read("[10:00] <a> x", "[10:00] <a> x", "[10:01] <a> y")
    before = read("[10:00] <a> x", "[10:00] <a> x")

    assert [message.digest for message in grown.said[:2]] == [message.digest for message in before.said]
    assert len({message.digest for message in grown.said}) == 3


def test_digests_differ_by_seed_and_by_what_came_before():
    line = "[10:00] <a> x"

    digests = {read(line).said[0].digest, read(line, seed="2004-11-15").said[0].digest, read("", line).said[0].digest}

    assert len(digests) == 3


@given(st.binary(max_size=300))
def test_no_bytes_make_it_fail(data):
    log = parse_log(data)

    assert len(times_of(log.said, first_day=date(2004, 11, 15))) == len(log.said)


_WORDS = st.sampled_from(
    [
        "[10:00]",
        "[9:5]",
        "[23:59:59]",
        "<anna>",
        "<@b>",
        "*",
        "===",
        "anna",
        "is now known as",
        "has joined",
        " ",
        "\x03",
        "ä",
    ]
)


@given(st.lists(st.lists(_WORDS, max_size=6).map(" ".join), max_size=20))
def test_nearly_right_lines_are_understood_or_odd_and_everybody_who_speaks_is_known(lines):
    log = read(*lines)

    accounted = {message.line for message in log.said} | {odd.line for odd in log.odd}
    assert len(accounted) == len(log.said) + len(log.odd)
    assert {message.person for message in log.said} <= set(log.people)


@pytest.mark.parametrize(
    ("name", "day"),
    [
        ("2004-11-15_03.raw.txt", date(2004, 11, 15)),
        ("boats 2016-02-29.log", date(2016, 2, 29)),
        ("2015-02-29 then 2016-02-29.log", date(2016, 2, 29)),
        ("boats.log", None),
        ("2015-02-29.log", None),
    ],
)
def test_the_day_is_read_from_a_file_name(name, day):
    assert day_in(name) == day


def test_the_day_moves_on_at_midnight_and_not_when_the_clock_is_set_back():
    log = read(
        "=== anna arrives before the first stamp",
        "[23:58] <a> x",
        "[00:01] <a> x",
        "[02:59] <a> x",
        "[02:00] <a> x",
        "[03:10] <a> x",
        "=== anna acts",
        "[01:00] <a> x",
    )

    times = times_of(log.said, first_day=date(2004, 12, 31))

    assert [moment.strftime("%Y-%m-%d %H:%M") for moment in times] == [
        "2004-12-31 23:58",
        "2004-12-31 23:58",
        "2005-01-01 00:01",
        "2005-01-01 02:59",
        "2005-01-01 02:00",
        "2005-01-01 03:10",
        "2005-01-01 03:10",
        "2005-01-02 01:00",
    ]
    assert {moment.tzinfo for moment in times} == {UTC}


def test_a_log_without_any_stamp_is_at_the_beginning_of_its_day():
    log = read("=== anna acts")

    assert times_of(log.said, first_day=date(2004, 11, 15)) == [datetime(2004, 11, 15, tzinfo=UTC)]


@pytest.mark.parametrize(
    ("nick", "names"),
    [
        ("anna", ["anna", "anna-2", "anna-3"]),
        ("|trey|", ["_trey_", "_trey_-2", "_trey_-3"]),
        ("_", ["___", "___-2", "___-3"]),
        ("ä" * 40, ["_" * 32, "_" * 30 + "-2", "_" * 30 + "-3"]),
    ],
)
def test_odd_nicks_get_valid_usernames(nick, names):
    assert list(islice(usernames_for(nick), 3)) == names
