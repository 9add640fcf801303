"""Names of topics and the question who may follow them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eventlog import topics
from eventlog.topics import TopicKind, authorise_follow, authorise_follows, parse_topic, register_topic_kind, topic_for
from kernel.actor import ANONYMOUS, SYSTEM
from kernel.errors import Forbidden, InvalidInput, NotFound
from kernel.ids import uuid7


@given(st.uuids(), st.from_regex(r"[a-z_]{1,20}", fullmatch=True))
def test_a_topic_parses_back_to_what_it_was_made_of(object_id, kind):
    assert parse_topic(topic_for(kind, object_id)) == (kind, object_id)


@pytest.mark.parametrize(
    "text",
    [
        "",
        ":",
        "room",
        "room:",
        "room:x",
        "room:{0}",
        "ROOM",
        "room:01900000000070008000000000000001",
        "room:01900000-0000-7000-8000-00000000000A",
        "a:b:01900000-0000-7000-8000-000000000001",
        "room:\x00",
    ],
)
def test_anything_else_is_refused_and_names_the_field(text):
    with pytest.raises(InvalidInput) as refused:
        parse_topic(text)
    assert refused.value.data == {"field": "topic"}


def test_an_unknown_kind_looks_absent():
    with pytest.raises(NotFound):
        authorise_follow(ANONYMOUS, topic_for("volcano", uuid7()))


def test_each_kind_is_asked_once_about_all_its_objects_and_answers_stay_in_order(monkeypatch):
    monkeypatch.setattr(topics, "_kinds", {})
    asked = []

    def authorise_all(pairs):
        asked.append(pairs)
        return [None if actor is ANONYMOUS else Forbidden() for actor, _ in pairs]

    for kind in ("thing", "place"):
        register_topic_kind(TopicKind(kind=kind, authorise_all=authorise_all))
    one, two, three = uuid7(), uuid7(), uuid7()
    answers = authorise_follows(
        [
            (SYSTEM, topic_for("thing", one)),
            (ANONYMOUS, topic_for("place", two)),
            (ANONYMOUS, topic_for("volcano", two)),
            (ANONYMOUS, topic_for("thing", three)),
        ]
    )
    assert [type(answer) for answer in answers] == [Forbidden, type(None), NotFound, type(None)]
    assert asked == [[(SYSTEM, one), (ANONYMOUS, three)], [(ANONYMOUS, two)]]
    with pytest.raises(Forbidden):
        authorise_follow(SYSTEM, topic_for("thing", one))
    with pytest.raises(RuntimeError, match="registered twice"):
        register_topic_kind(TopicKind(kind="thing", authorise_all=authorise_all))
