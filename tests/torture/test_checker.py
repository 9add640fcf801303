"""The judge before whom every server stands: it acquits a clean history, and finds each thing that must not happen."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.torture.checker import judge
from tests.torture.history import (
    NEVER,
    Absence,
    Ack,
    Edit,
    History,
    Refusal,
    Removal,
    Row,
    Sent,
    Snapshot,
    Truth,
    View,
)

TOPIC = "room:1"
ANN, BEN, MALLORY = "ann", "ben", "mallory"
OPENED = Row(1, "room.created", {"room": {"id": "1"}})


def said(seq: int, author: str = ANN) -> Row:
    """Return a message as it is logged."""
    message = {"id": f"m{seq}", "nonce": f"n{seq}", "author": {"id": author}, "body": f"line {seq}"}
    return Row(seq, "message.created", {"message": message})


def revoked(seq: int) -> Row:
    return Row(seq, "access.revoked", {"user": BEN})


def added(seq: int) -> Row:
    return Row(seq, "room_member.added", {"user": {"id": BEN}})


class Case:
    """A history of Ann, who says everything, and Ben, who follows; times are seqs unless told otherwise."""

    def __init__(self, *rows: Row, removal: Removal | None = None) -> None:
        self.rows = list(rows)
        self.history = History()
        for row in rows:
            if row.type == "message.created":
                self.sent(row)
        self.history.removals += [removal] if removal else []
        self.view = self.view_of(BEN)
        self.history.views.append(self.view)

    def view_of(self, user: str) -> View:
        return View(f"{user}/1", user, TOPIC)

    def sent(self, row: Row) -> Sent:
        message = row.data["message"]
        sent = Sent(
            nonce=message["nonce"], topic=TOPIC, user=message["author"]["id"], body=message["body"], first_at=row.seq
        )
        self.history.sent[sent.nonce] = sent
        return sent

    def hears(self, *seqs: int, view: View | None = None, at: float | None = None) -> None:
        for seq in seqs:
            row = self.rows[seq - 1]
            frame = {"t": row.type, "topic": TOPIC, "seq": seq, "d": row.data}
            (view or self.view).hear(frame, float(seq) if at is None else at)

    def found(self) -> list[str]:
        """Return the kinds of what the checker finds, in order."""
        return [violation.kind for violation in judge(self.history, self.truth).violations]

    @property
    def truth(self) -> Truth:
        return Truth((TOPIC, row) for row in self.rows)


@pytest.fixture
def case() -> Case:
    """Five events; Ben follows from the first."""
    case = Case(OPENED, *(said(seq) for seq in range(2, 6)))
    case.view.begin(0.5, None, 1, recovered=True)
    return case


def removal(**times: float) -> Removal:
    return Removal(user=BEN, topics=frozenset({TOPIC}), **times)


@pytest.fixture
def comeback() -> Case:
    """Ben is removed by event 3 and let in again by event 5; he follows before, and again after."""
    removed = removal(asked_at=2.5, done_at=3.5, back_asked_at=4.5, back_done_at=5.5)
    case = Case(OPENED, said(2), revoked(3), said(4), added(5), said(6), removal=removed)
    case.view.begin(0.5, None, 1, recovered=True)
    case.hears(2)
    case.view.close(3.2)
    return case


def test_a_history_in_which_everything_came_once_and_in_order_is_clean(case: Case) -> None:
    case.hears(2, 3, 4, 5)
    verdict = judge(case.history, case.truth)
    assert (verdict.expected, verdict.delivered, verdict.violations) == (4, 4, [])


def test_a_break_that_is_resumed_from_the_cursor_is_clean(case: Case) -> None:
    case.hears(2, 3)
    case.view.begin(4.5, 3, 4, recovered=True)
    case.hears(4, 5)
    assert case.found() == []


def test_a_removal_and_a_return_with_a_snapshot_are_clean(comeback: Case) -> None:
    comeback.view.begin(5.6, 2, 5, recovered=False, reason="access_changed")
    comeback.view.snapshots.append(Snapshot(5, 0, frozenset({"m2", "m4"})))
    comeback.hears(6)
    verdict = judge(comeback.history, comeback.truth)
    assert (verdict.expected, verdict.delivered, verdict.violations) == (2, 2, [])


def test_who_is_let_in_while_the_head_is_read_may_hear_the_moment_before(comeback: Case) -> None:
    """The head was read before the return was committed, the question was asked after it."""
    comeback.view.begin(5.2, 2, 3, recovered=False, reason="access_changed")
    comeback.hears(4, 5, 6, at=5.3)
    assert comeback.found() == []


def test_who_stays_removed_is_owed_nothing_more() -> None:
    case = Case(OPENED, said(2), revoked(3), said(4), removal=removal(asked_at=2.5, done_at=3.5))
    case.view.begin(0.5, None, 1, recovered=True)
    case.hears(2)
    case.view.close(3.2)
    assert case.found() == []


def test_a_gap_is_found(case: Case) -> None:
    case.hears(2, 4, 5)
    verdict = judge(case.history, case.truth)
    assert [violation.kind for violation in verdict.violations] == ["gap"]
    assert (verdict.expected, verdict.delivered) == (4, 3)


def test_a_gap_behind_a_promise_to_have_recovered_is_found(case: Case) -> None:
    case.hears(2)
    case.view.begin(4.5, 2, 4, recovered=True)
    case.hears(5)
    assert case.found() == ["gap"]


def test_an_event_before_its_predecessor_is_found(case: Case) -> None:
    case.hears(2, 4, 3, 5)
    assert case.found() == ["gap", "inversion"]


def test_an_event_that_comes_twice_is_found_also_across_a_break(case: Case) -> None:
    case.hears(2, 3)
    case.view.begin(3.5, 3, 3, recovered=True)
    case.hears(3, 4, 5)
    assert case.found() == ["duplicate"]


def test_who_did_not_catch_up_is_found(case: Case) -> None:
    case.hears(2, 3)
    verdict = judge(case.history, case.truth)
    assert [violation.kind for violation in verdict.violations] == ["not caught up"]
    assert (verdict.expected, verdict.delivered) == (4, 2)


def test_who_never_followed_is_found(case: Case) -> None:
    case.view.marks.clear()
    assert case.found() == ["never followed"]


def test_an_event_that_nothing_was_followed_for_is_found(case: Case) -> None:
    case.view.marks.clear()
    case.hears(2)
    case.view.begin(2.5, 2, 2, recovered=True)
    case.hears(3, 4, 5)
    assert case.found() == ["uninvited"]


def test_an_acknowledged_message_that_is_not_in_the_log_is_found(case: Case) -> None:
    case.hears(2, 3, 4, 5)
    case.history.acks.append(Ack("n9", TOPIC, 6, "m9"))
    assert case.found() == ["lost acked"]


@pytest.mark.parametrize("ack", [Ack("n2", TOPIC, 3, "m2"), Ack("n2", TOPIC, 2, "m9"), Ack("n2", TOPIC, 1, "m2")])
def test_an_ack_that_tells_another_event_is_found(case: Case, ack: Ack) -> None:
    case.hears(2, 3, 4, 5)
    case.history.acks += [ack, Ack("n5", TOPIC, 5, "m5")]
    assert case.found() == ["wrong ack"]


def test_an_acknowledged_edit_that_is_not_in_the_log_is_found(case: Case) -> None:
    case.rows.append(Row(6, "message.edited", {"message": {**case.rows[1].data["message"], "body": "better"}}))
    case.hears(2, 3, 4, 5, 6)
    case.history.edits += [Edit(TOPIC, "m2", "better"), Edit(TOPIC, "m3", "better")]
    assert case.found() == ["lost acked"]


def test_a_message_that_is_twice_in_the_log_is_found(case: Case) -> None:
    case.rows.append(Row(6, "message.created", {"message": {**case.rows[1].data["message"], "id": "m6"}}))
    case.hears(2, 3, 4, 5, 6)
    assert case.found() == ["doubled in log"]


def test_a_log_whose_numbers_have_a_gap_is_found(case: Case) -> None:
    case.hears(2, 3, 4)
    case.rows[4] = said(6)
    case.sent(case.rows[4])
    assert case.found()[0] == "log numbers"


def change_body(message: dict[str, object]) -> None:
    message["body"] = "something else"


def change_author(message: dict[str, object]) -> None:
    message["author"] = {"id": MALLORY}


@pytest.mark.parametrize("change", [change_body, change_author])
def test_a_message_in_the_log_that_differs_from_what_was_sent_is_found(
    case: Case, change: Callable[[dict[str, object]], None]
) -> None:
    change(case.rows[1].data["message"])
    case.hears(2, 3, 4, 5)
    assert case.found() == ["wrong message"]


@pytest.mark.parametrize("change", [change_body, change_author])
def test_a_delivery_that_differs_from_the_log_is_found(case: Case, change: Callable[[dict[str, object]], None]) -> None:
    message = dict(case.rows[1].data["message"])
    change(message)
    case.view.hear({"t": "message.created", "seq": 2, "d": {"message": message}}, 2.0)
    case.hears(3, 4, 5)
    assert case.found() == ["wrong content"]


def test_a_message_that_nobody_sent_is_found(case: Case) -> None:
    del case.history.sent["n2"]
    case.hears(2, 3, 4, 5)
    assert case.found() == ["not sent"]


def test_a_delivery_of_something_that_was_never_committed_is_found(case: Case) -> None:
    case.hears(2, 3, 4, 5)
    case.view.hear({"t": "message.created", "seq": 6, "d": said(6).data}, 6.0)
    assert case.found() == ["not in the log"]


def test_an_event_behind_a_revocation_is_found(comeback: Case) -> None:
    comeback.view.marks.pop()
    comeback.hears(3, 4)
    comeback.view.begin(5.6, 4, 5, recovered=True)
    comeback.hears(6)
    assert comeback.found()[:3] == ["after a revocation", "after a revocation", "after a removal returned"]


def test_an_event_behind_the_frame_that_closed_the_topic_is_found(comeback: Case) -> None:
    comeback.hears(4)
    assert comeback.found()[0] == "uninvited"


def test_what_was_said_after_the_removal_had_returned_must_not_arrive_whatever_the_log_says(case: Case) -> None:
    """The log lacks the revocation; the clock alone shows that something is wrong."""
    case.history.removals.append(removal(asked_at=2.2, done_at=2.6))
    case.hears(2, 3)
    assert case.found()[0] == "after a removal returned"


def test_a_promise_to_have_recovered_over_a_revocation_is_found(comeback: Case) -> None:
    comeback.view.begin(5.6, 2, 5, recovered=True)
    comeback.hears(3, 4, 5, 6)
    assert comeback.found()[0] == "recovered over a revocation"


@pytest.mark.parametrize("reason", ["access_changed", "too_old"])
def test_a_refusal_to_resume_without_a_reason_in_the_log_is_found(case: Case, reason: str) -> None:
    case.hears(2, 3)
    case.view.begin(4.5, 3, 5, recovered=False, reason=reason)
    assert case.found() == ["resume refused"]


def test_a_topic_that_is_closed_without_a_revocation_is_found(case: Case) -> None:
    case.hears(2, 3, 4, 5)
    case.view.close(5.5)
    assert case.found() == ["wrongly shut out"]


def test_a_snapshot_that_lacks_a_message_is_found(case: Case) -> None:
    case.hears(2, 3, 4, 5)
    case.view.snapshots.append(Snapshot(4, 2, frozenset({"m3"})))
    assert case.found() == ["snapshot incomplete"]


def test_anything_that_reaches_an_outsider_is_found(case: Case) -> None:
    case.hears(2, 3, 4, 5)
    outsider = case.view_of(MALLORY)
    case.history.outsiders.append(outsider)
    case.hears(2, view=outsider)
    assert case.found() == ["not a member"]


def test_an_outsider_who_is_let_in_is_found(case: Case) -> None:
    case.hears(2, 3, 4, 5)
    outsider = case.view_of(MALLORY)
    outsider.begin(1.0, None, 1, recovered=True)
    case.history.outsiders.append(outsider)
    assert case.found() == ["not a member"]


def test_a_message_of_an_outsider_is_found(case: Case) -> None:
    case.rows.append(said(6, MALLORY))
    case.sent(case.rows[-1])
    case.hears(2, 3, 4, 5, 6)
    case.history.outsiders.append(case.view_of(MALLORY))
    assert case.found() == ["not a member"]


def refusal(asked_at: float, at: float) -> Refusal:
    return Refusal(user=BEN, topic=TOPIC, asked_at=asked_at, at=at, what="topic.follow", code="not_found")


def test_who_is_refused_while_entitled_is_found(case: Case) -> None:
    case.hears(2, 3, 4, 5)
    case.history.refusals.append(refusal(2.0, 2.1))
    assert case.found() == ["wrongly refused"]


def test_who_is_refused_after_the_return_is_found_and_who_is_refused_before_is_not(comeback: Case) -> None:
    comeback.view.begin(5.6, 2, 5, recovered=False, reason="access_changed")
    comeback.hears(6)
    comeback.history.refusals += [refusal(3.1, 3.2), refusal(5.4, 5.6), refusal(5.6, 5.7)]
    assert comeback.found() == ["wrongly refused"]


def news(seq: int, nonce: str) -> Row:
    return Row(seq, "community.updated", {"community": {"description": nonce}})


@pytest.fixture
def expelled() -> Case:
    """Ben is removed from the whole community by event 3. The room does not tell that he is let in again before event 5."""
    removed = removal(asked_at=2.5, done_at=3.5, back_asked_at=4.5, back_done_at=4.8)
    case = Case(OPENED, said(2), revoked(3), said(4), said(5), said(6), removal=removed)
    case.view.begin(0.5, None, 1, recovered=True)
    case.hears(2)
    case.view.close(3.2)
    return case


def test_who_comes_back_to_the_community_follows_a_room_that_does_not_tell_of_it(expelled: Case) -> None:
    expelled.view.begin(4.9, 2, 4, recovered=False, reason="access_changed")
    expelled.hears(5, 6)
    assert expelled.found() == []


def test_an_event_of_a_room_that_reaches_somebody_removed_from_everything_is_found(expelled: Case) -> None:
    expelled.view.begin(4.2, 2, 3, recovered=False, reason="access_changed")
    expelled.hears(4, at=4.3)
    assert sorted(set(expelled.found())) == ["after a removal returned", "after a revocation", "not caught up"]


def test_who_came_back_to_the_community_and_is_not_caught_up_is_found(expelled: Case) -> None:
    expelled.view.begin(4.9, 2, 4, recovered=False, reason="access_changed")
    expelled.hears(5)
    assert expelled.found() == ["not caught up"]


def test_who_is_never_let_in_again_need_not_catch_up(expelled: Case) -> None:
    expelled.history.removals[0].back_asked_at = expelled.history.removals[0].back_done_at = NEVER
    assert expelled.found() == []


def test_a_resume_across_a_removal_from_everything_that_claims_to_be_complete_is_found(expelled: Case) -> None:
    expelled.view.begin(4.9, 2, 4, recovered=True)
    expelled.hears(3, 4, 5, 6, at=5.0)
    assert "recovered over a revocation" in expelled.found()


def test_a_second_removal_from_a_room_that_told_of_no_return_is_another_absence() -> None:
    rows = [OPENED, said(2), revoked(3), said(4), revoked(5), added(6)]
    absences = Truth((TOPIC, row) for row in rows).absences(TOPIC, BEN)
    assert absences == [Absence(3, None), Absence(5, 6)]


def test_the_community_tells_who_comes_back() -> None:
    rows = [revoked(1), Row(2, "member.joined", {"member": {"user": {"id": BEN}}})]
    assert Truth((TOPIC, row) for row in rows).absences(TOPIC, BEN) == [Absence(1, 2)]


def test_news_of_the_community_that_reach_somebody_after_their_removal_returned_are_found() -> None:
    removed = removal(asked_at=0.6, done_at=1.5)
    case = Case(OPENED, news(2, "n2"), removal=removed)
    case.history.sent["n2"] = Sent(nonce="n2", topic=TOPIC, user=ANN, body="n2", first_at=2.0)
    case.view.begin(0.5, None, 1, recovered=True)
    case.hears(2)
    assert case.found() == ["after a removal returned"]


# --- Gates and reviews ---------------------------------------------------------------------------------------------------


def reviewed(seq: int) -> Row:
    return Row(seq, "access.reviewed", {})


@pytest.fixture
def gated() -> Case:
    """What the gate asks for is taken from Ben by event 3, and given back before event 6; the room does not tell of that."""
    taken = removal(asked_at=2.5, done_at=3.5, back_asked_at=5.2, back_done_at=5.4)
    case = Case(OPENED, said(2), revoked(3), said(4), said(5), said(6), removal=taken)
    case.view.begin(0.5, None, 1, recovered=True)
    case.hears(2)
    case.view.close(3.2)
    return case


def test_who_passes_the_gate_again_is_owed_everything_from_then_on(gated: Case) -> None:
    gated.view.begin(5.5, 2, 5, recovered=False, reason="access_changed")
    gated.view.snapshots.append(Snapshot(5, 0, frozenset({"m2", "m4", "m5"})))
    assert gated.found() == ["not caught up"]
    gated.hears(6)
    assert gated.found() == []
    gated.view.snapshots.append(Snapshot(5, 0, frozenset({"m2", "m5"})))
    assert gated.found() == ["snapshot incomplete"]


def test_what_reaches_somebody_who_does_not_pass_the_gate_is_found(gated: Case) -> None:
    gated.view.begin(3.6, 2, 3, recovered=False, reason="access_changed")
    gated.hears(4)
    assert gated.found() == ["after a revocation", "after a removal returned", "not caught up"]


def test_who_goes_on_over_a_review_misses_nothing_and_is_clean() -> None:
    case = Case(OPENED, said(2), reviewed(3), said(4))
    case.view.begin(0.5, None, 1, recovered=True)
    case.hears(2, 3, 4)
    assert case.found() == []


@pytest.mark.parametrize(
    ("recovered", "reason", "kinds"),
    [
        (True, None, ["recovered over a revocation"]),
        (False, "access_changed", []),
        (False, "too_old", ["resume refused"]),
    ],
)
def test_a_cursor_from_before_a_review_is_no_place_to_go_on_from(
    recovered: bool, reason: str | None, kinds: list[str]
) -> None:
    case = Case(OPENED, said(2), reviewed(3), said(4))
    case.view.begin(0.5, None, 1, recovered=True)
    case.hears(2)
    case.view.begin(3.5, 2, 3, recovered=recovered, reason=reason)
    case.hears(*([3, 4] if recovered else [4]))
    assert case.found() == kinds
