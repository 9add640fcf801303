"""`web/js/portcullis.js` alone on an empty page: with the real server, and with one that breaks on command."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from playwright.sync_api import Page, Route, WebSocketRoute

from tests.e2e.people import Account, Place, in_the_end
from tests.e2e.stack import Server

OpenPage = Callable[..., Page]
NOWHERE = "/there-is-nothing-here"  # a page of the server's own without scripts: browsers keep made-up ones away from loopback
CLIENT = """async ({ access, timeout }) => {
  const { Portcullis } = await import("/js/portcullis.js");
  const getTicket = async () => {
    const response = await fetch("/api/v1/gateway/ticket", { method: "POST", headers: { Authorization: `Bearer ${access}` } });
    return (await response.json()).ticket;
  };
  window.seen = [];
  window.client = new Portcullis({ getTicket, timeout });
  for (const kind of ["state", "event", "resync", "revoked", "problem"])
    client.addEventListener(kind, ({ detail }) => seen.push([kind, detail]));
  client.connect();
}"""


def start(page: Page, access: str = "none", *, timeout_ms: int = 10_000) -> None:
    """Start a client on the page."""
    page.evaluate(CLIENT, {"access": access, "timeout": timeout_ms})


def states(page: Page) -> list[str]:
    """Return the states that the client went through."""
    return list(page.evaluate("seen.filter(([kind]) => kind === 'state').map(([, { state }]) => state)"))


def details(page: Page, kind: str) -> list[dict[str, Any]]:
    """Return what the client told under this name."""
    return list(page.evaluate("(wanted) => seen.filter(([kind]) => kind === wanted).map(([, detail]) => detail)", kind))


def wait_for(page: Page, condition: str) -> None:
    """Wait until an expression is true on the page."""
    in_the_end(page, lambda: page.evaluate(condition))


@pytest.fixture
def empty_page(open_page: OpenPage) -> Page:
    """Return a page of the server's origin with nothing on it."""
    return open_page(path=NOWHERE)


# With the real server -------------------------------------------------------------------------------------------------


def connect(page: Page, who: Account) -> None:
    """Start a client and wait until it is online."""
    start(page, who.access_token())
    wait_for(page, "client.state === 'online'")


def test_a_client_follows_a_topic_and_sends(empty_page: Page, place: Place) -> None:
    connect(empty_page, place.founder)
    topic = f"room:{place.room['id']}"
    followed = empty_page.evaluate("(topic) => client.follow(topic)", topic)
    sent = empty_page.evaluate(
        "(room) => client.send('message.send', { room, body: 'Hello', nonce: 'n1' })", place.room["id"]
    )
    again = empty_page.evaluate(
        "(room) => client.send('message.send', { room, body: 'Hello', nonce: 'n1' })", place.room["id"]
    )
    wait_for(empty_page, "seen.some(([kind]) => kind === 'event')")
    (event,) = details(empty_page, "event")
    assert followed["recovered"] is True
    assert sent == again
    assert (event["t"], event["topic"], event["seq"]) == ("message.created", topic, followed["head"] + 1)
    assert event["d"]["message"]["id"] == sent["id"]
    assert states(empty_page) == ["connecting", "online"]


def test_a_refused_command_rejects_with_the_code_of_the_server(empty_page: Page, place: Place) -> None:
    connect(empty_page, place.founder)
    problem = empty_page.evaluate(
        "client.send('no.such', {}).catch(({ code, retryable, message }) => ({ code, retryable, message }))"
    )
    assert problem == {"code": "command.unknown", "retryable": False, "message": "There is no such command."}


def test_a_topic_that_is_not_ours_is_refused_and_forgotten(
    empty_page: Page, place: Place, account: Callable[[str], Account]
) -> None:
    connect(empty_page, account("Eve"))
    topic = f"room:{place.room['id']}"
    code = empty_page.evaluate("(topic) => client.follow(topic).catch(({ code }) => code)", topic)
    assert code == "not_found"
    assert [detail["topic"] for detail in details(empty_page, "revoked")] == [topic]
    assert empty_page.evaluate("(topic) => client.cursor(topic)", topic) is None


def test_a_cursor_ahead_of_the_log_asks_for_a_snapshot(empty_page: Page, place: Place) -> None:
    connect(empty_page, place.founder)
    topic = f"room:{place.room['id']}"
    followed = empty_page.evaluate("(topic) => client.follow(topic, { after: 5000 })", topic)
    (resync,) = details(empty_page, "resync")
    assert (resync["topic"], resync["reason"], resync["head"]) == (topic, "too_old", followed["head"])
    assert empty_page.evaluate("(topic) => client.cursor(topic)", topic) == followed["head"]


def test_after_a_restart_every_topic_goes_on_from_its_cursor(
    empty_page: Page, place: Place, other_server: Server
) -> None:
    empty_page.goto(other_server.address + NOWHERE)
    connect(empty_page, place.founder)
    empty_page.evaluate("(topic) => client.follow(topic)", f"room:{place.room['id']}")
    other_server.stop()
    wait_for(empty_page, "client.state === 'reconnecting'")
    place.write(place.founder, "One", "Two", "Three")
    other_server.start()
    wait_for(empty_page, "seen.filter(([kind]) => kind === 'event').length === 3")
    assert [event["d"]["message"]["body"] for event in details(empty_page, "event")] == ["One", "Two", "Three"]
    assert details(empty_page, "resync") == []


def test_the_end_of_its_session_ends_the_socket_for_good(empty_page: Page, place: Place) -> None:
    connect(empty_page, place.founder)
    place.founder.post("me/sessions/revoke-others")
    wait_for(empty_page, "client.state === 'refused'")
    assert details(empty_page, "state")[-1]["code"] == 4504
    empty_page.wait_for_timeout(1500)
    assert states(empty_page)[-1] == "refused"


# With a server that breaks on command ---------------------------------------------------------------------------------


def moment(seconds: int) -> str:
    """Return a time of the server's clock, so long after it said hello."""
    return (datetime(2026, 1, 1, tzinfo=UTC) + timedelta(seconds=seconds)).isoformat()


class Broken:
    """The server's side of every socket that the page opens; it says hello and then only what the test says."""

    def __init__(self, page: Page, *, hello: bool = True, expires_in: int | None = None) -> None:
        self._expires_in = expires_in
        self.sockets: list[WebSocketRoute] = []
        self.frames: list[dict[str, Any]] = []
        self._hello = hello
        page.route("**/gateway/ticket", self._ticket)
        page.route_web_socket("**/ws/v1**", self._opened)

    def _ticket(self, route: Route) -> None:
        route.fulfill(json={"ticket": "t", "expires_in": 30})

    def _opened(self, socket: WebSocketRoute) -> None:
        self.sockets.append(socket)
        socket.on_message(self._heard)
        if self._hello:
            proof = (
                {} if self._expires_in is None else {"server_time": moment(0), "expires_at": moment(self._expires_in)}
            )
            self.say({"t": "hello", "d": {"heartbeat_interval": 30, "user": {"id": "me"}} | proof})

    def _heard(self, message: str | bytes) -> None:
        self.frames += [json.loads(line) for line in str(message).split("\n")]

    def say(self, *frames: dict[str, Any]) -> None:
        """Send frames in one message."""
        self.sockets[-1].send("\n".join(json.dumps(frame) for frame in frames))

    def asked(self, kind: str) -> list[dict[str, Any]]:
        """Return the commands of this type so far."""
        return [frame for frame in self.frames if frame["t"] == kind]

    def answer(self, kind: str, **d: Any) -> dict[str, Any]:
        """Return the ack of the newest command of this type."""
        return {"t": "ok", "ref": self.asked(kind)[-1]["ref"], "d": d}


def numbered(seq: int) -> dict[str, Any]:
    """Return an event of the topic."""
    return {"t": "thing.happened", "topic": "room:1", "seq": seq, "d": {"number": seq}}


@pytest.fixture
def broken(empty_page: Page) -> Broken:
    """Return such a server, with a client online and following a topic from 10."""
    server = Broken(empty_page)
    start(empty_page)
    wait_for(empty_page, "client.state === 'online'")
    follow(empty_page, server, 10)
    return server


def follow(page: Page, server: Broken, after: int) -> None:
    """Follow the topic and let the server agree."""
    page.evaluate("(after) => { client.follow('room:1', { after }) }", after)
    in_the_end(page, lambda: server.asked("topic.follow"))
    server.say(server.answer("topic.follow", head=after, recovered=True))
    wait_for(page, f"client.cursor('room:1') === {after}")


def seqs(page: Page) -> list[int]:
    """Return the numbers of the events that came through."""
    return [event["seq"] for event in details(page, "event")]


def test_events_come_through_once_and_a_gap_is_asked_for(empty_page: Page, broken: Broken) -> None:
    broken.say(numbered(11), numbered(11), numbered(9), numbered(12), numbered(14), numbered(15))
    in_the_end(empty_page, lambda: len(broken.asked("topic.follow")) == 2)
    assert broken.asked("topic.follow")[-1]["d"] == {"topic": "room:1", "after": 12}
    assert seqs(empty_page) == [11, 12]
    ack = broken.answer("topic.follow", head=15, recovered=True)
    broken.say(ack, numbered(13), numbered(14), numbered(15), numbered(16))
    wait_for(empty_page, "client.cursor('room:1') === 16")
    assert seqs(empty_page) == [11, 12, 13, 14, 15, 16]
    assert len(broken.asked("topic.follow")) == 2


def test_events_without_a_number_pass_and_move_nothing(empty_page: Page, broken: Broken) -> None:
    broken.say({"t": "typing.started", "topic": "room:1", "d": {}}, {"t": "typing.started", "topic": "room:2", "d": {}})
    wait_for(empty_page, "seen.some(([kind]) => kind === 'event')")
    assert len(details(empty_page, "event")) == 1
    assert empty_page.evaluate("client.cursor('room:1')") == 10


def test_a_break_rejects_what_waits_with_a_retryable_error_and_resumes(empty_page: Page, broken: Broken) -> None:
    empty_page.evaluate(
        "void client.send('slow', {}).catch(({ code, retryable }) => { window.failed = { code, retryable } })"
    )
    in_the_end(empty_page, lambda: broken.asked("slow"))
    broken.say(numbered(11))
    broken.sockets[-1].close(code=4008, reason="too slow")
    wait_for(empty_page, "window.failed")
    assert empty_page.evaluate("failed") == {"code": "connection.lost", "retryable": True}
    in_the_end(empty_page, lambda: len(broken.sockets) == 2 and len(broken.asked("topic.follow")) == 2)
    assert broken.asked("topic.follow")[-1]["d"] == {"topic": "room:1", "after": 11}
    assert "reconnecting" in states(empty_page)


@pytest.mark.parametrize("code", [4500, 4501, 4503, 4504, 4509])
def test_codes_from_4500_on_do_not_come_back_without_a_change(empty_page: Page, broken: Broken, code: int) -> None:
    broken.sockets[-1].close(code=code, reason="no")
    wait_for(empty_page, "client.state === 'refused'")
    assert details(empty_page, "state")[-1]["code"] == code
    empty_page.wait_for_timeout(1500)
    assert len(broken.sockets) == 1
    empty_page.evaluate("client.connect()")
    wait_for(empty_page, "client.state === 'online'")


def test_a_client_that_is_told_when_to_come_back_does_so(empty_page: Page) -> None:
    broken = stop_time(empty_page)
    broken.say({"t": "reconnect", "d": {"after_ms": 1200}})
    broken.sockets[-1].close(code=4001, reason="shutting down")
    wait_for(empty_page, "client.state === 'reconnecting'")
    empty_page.clock.run_for(1100)
    assert states(empty_page)[-1] == "reconnecting"
    assert len(broken.sockets) == 1
    empty_page.clock.run_for(200)
    in_the_end(empty_page, lambda: len(broken.sockets) == 2)


def stop_time(page: Page) -> Broken:
    """Return a server that breaks on command, with a client online on a page whose clock stands still unless the test moves it."""
    page.clock.install(time=0)
    page.clock.pause_at(1_000)
    broken = Broken(page)
    start(page)
    wait_for(page, "client.state === 'online'")
    return broken


def test_a_command_without_an_answer_fails_in_time(empty_page: Page) -> None:
    Broken(empty_page)
    start(empty_page, timeout_ms=2_000)
    wait_for(empty_page, "client.state === 'online'")
    problem = empty_page.evaluate("client.send('slow', {}).catch(({ code, retryable }) => ({ code, retryable }))")
    assert problem == {"code": "connection.timeout", "retryable": True}
    assert empty_page.evaluate("client.state") == "online"


def test_lost_access_is_told_with_its_remedy_and_ends_the_topic(empty_page: Page, broken: Broken) -> None:
    d = {"code": "room.removed", "message": "Removed.", "remedy": {"text": "Ask a moderator."}, "missing": []}
    broken.say({"t": "access.revoked", "topic": "room:1", "d": d}, numbered(11))
    wait_for(empty_page, "client.cursor('room:1') === null")
    (revoked,) = details(empty_page, "revoked")
    assert (revoked["topic"], revoked["code"], revoked["remedy"]["text"]) == (
        "room:1",
        "room.removed",
        "Ask a moderator.",
    )
    assert seqs(empty_page) == []


def test_a_silent_server_is_left_after_75_seconds(open_page: OpenPage) -> None:
    page = open_page(path=NOWHERE)
    page.clock.install()
    page.reload()
    broken = Broken(page)
    start(page)
    in_the_end(page, lambda: page.evaluate("client.state") == "online")
    page.clock.run_for(31_000)
    in_the_end(page, lambda: broken.asked("ping"))
    page.clock.run_for(80_000)
    in_the_end(page, lambda: len(broken.sockets) == 2)
    assert "silence" in [detail.get("reason") for detail in details(page, "state")]


def test_a_ticket_that_is_refused_for_good_ends_the_attempts(empty_page: Page) -> None:
    empty_page.evaluate("""async () => {
      const { Portcullis } = await import("/js/portcullis.js");
      const getTicket = async () => { throw Object.assign(new Error("Sign in."), { code: "auth.required", retryable: false }) };
      window.client = new Portcullis({ getTicket });
      window.seen = [];
      client.addEventListener("state", ({ detail }) => seen.push(["state", detail]));
      client.connect();
    }""")
    wait_for(empty_page, "client.state === 'refused'")
    assert states(empty_page) == ["connecting", "refused"]
    assert details(empty_page, "state")[-1]["code"] == "auth.required"


@pytest.mark.parametrize(
    ("options", "proofs"),
    [
        ("{ getTicket, getToken: async () => `token ${++tokens}` }", [{"token": "token 1"}, {"token": "token 2"}]),
        ("{ getTicket }", [{"ticket": "ticket 2"}, {"ticket": "ticket 3"}]),
    ],
    ids=["with tokens", "with tickets alone"],
)
def test_fresh_proof_is_handed_in_before_the_old_one_ends(
    empty_page: Page, options: str, proofs: list[dict[str, str]]
) -> None:
    empty_page.clock.install()
    server = Broken(empty_page, expires_in=50)
    empty_page.evaluate(
        """async () => {
      const { Portcullis } = await import("/js/portcullis.js");
      let tokens = 0, tickets = 0;
      const getTicket = async () => `ticket ${++tickets}`;
      window.client = new Portcullis(OPTIONS);
      client.connect();
    }""".replace("OPTIONS", options)
    )
    wait_for(empty_page, "client.state === 'online'")
    for number in (1, 2):
        assert len(server.asked("auth")) == number - 1
        empty_page.clock.run_for(6_000)
        in_the_end(empty_page, lambda: len(server.asked("auth")) == number)  # noqa: B023  # it is called at once
        server.say(server.answer("auth", expires_at=moment(6 * number + 50)))
    assert [frame["d"] for frame in server.asked("auth")] == proofs


def test_a_proof_that_could_not_be_renewed_is_tried_again_until_the_server_gives_up(empty_page: Page) -> None:
    empty_page.clock.install()
    server = Broken(empty_page, expires_in=50)
    empty_page.evaluate("""async () => {
      const { Portcullis } = await import("/js/portcullis.js");
      let tickets = 0;
      const getTicket = async () => { if (++tickets === 2) throw new Error("away"); return `ticket ${tickets}`; };
      window.client = new Portcullis({ getTicket });
      client.connect();
    }""")
    wait_for(empty_page, "client.state === 'online'")
    empty_page.clock.run_for(6_000)
    assert server.asked("auth") == []
    empty_page.clock.run_for(11_000)
    in_the_end(empty_page, lambda: server.asked("auth"))
    assert [frame["d"] for frame in server.asked("auth")] == [{"ticket": "ticket 3"}]


def test_many_topics_are_followed_within_the_limit_of_frames(empty_page: Page) -> None:
    broken = stop_time(empty_page)
    empty_page.evaluate("() => { for (let number = 0; number < 200; number++) client.follow(`room:${number}`) }")
    for seconds, followed in ((0, 60), (6, 68), (60, 148)):
        empty_page.clock.run_for(1000 * seconds)
        empty_page.evaluate("(name) => void client.send(name).catch(() => {})", f"mark.{seconds}")
        in_the_end(empty_page, lambda name=f"mark.{seconds}": broken.asked(name))  # what was asked before has come
        assert len(broken.asked("topic.follow")) == followed
