"""Names of topics and the question who may follow them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eventlog import topics
from eventlog.topics import TopicKind, authorise_follow, parse_topic, register_topic_kind, topic_for
from kernel.actor import ANONYMOUS
from kernel.errors import InvalidInput, NotFound
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


def test_a_kind_is_asked_with_the_actor_and_the_object(monkeypatch):
    monkeypatch.setattr(topics, "_kinds", {})
    asked = []
    register_topic_kind(TopicKind(kind="thing", authorise=lambda actor, object_id: asked.append((actor, object_id))))
    object_id = uuid7()
    authorise_follow(ANONYMOUS, topic_for("thing", object_id))
    assert asked == [(ANONYMOUS, object_id)]
    with pytest.raises(RuntimeError, match="registered twice"):
        register_topic_kind(TopicKind(kind="thing", authorise=lambda actor, object_id: None))
