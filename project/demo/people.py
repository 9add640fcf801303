"""Who lives in the demo community. Plain data: nothing of Django is needed to print the logins."""

from __future__ import annotations

from dataclasses import dataclass

COMMUNITY_NAME = "Lantern Quay"
COMMUNITY_SLUG = "lantern-quay"
COMMUNITY_DESCRIPTION = (
    "We bring the 1931 harbour tug Marigold back to life, on Tuesdays, Saturdays and whenever the tide allows."
)
PASSWORD = "marigold-1931"  # noqa: S105  # of invented people, in development only

DEMO_IS_HERE = (
    f"The database is ready, with {COMMUNITY_NAME}."  # the last line of `prepare_database`, which the supervisor reads
)


@dataclass(frozen=True)
class Person:
    """An invented person; the role is "owner", "moderator" or "member"."""

    username: str
    display_name: str
    role: str = "member"

    @property
    def email(self) -> str:
        """An address that reaches nobody."""
        return f"{self.username}@{COMMUNITY_SLUG}.example"


@dataclass(frozen=True)
class DemoRoom:
    """A room and the file of its conversation; `participants` makes it private, `course` lets in who has passed it."""

    name: str
    topic_line: str
    conversation: str
    participants: tuple[str, ...] = ()
    course: str = ""
    passed: tuple[str, ...] = ()


OWNER = Person("ingrid", "Ingrid Solheim", "owner")
PEOPLE = (
    OWNER,
    Person("tomas", "Tomás Ferreira", "moderator"),
    Person("wen", "Wen Li", "moderator"),
    Person("jonah", "Jonah Reed"),
    Person("bisi", "Bisi Oyelaran"),
    Person("petra", "Petra Vlk"),
    Person("amira", "Amira Haddad"),
    Person("kofi", "Kofi Mensah"),
    Person("lotte", "Lotte Brandt"),
    Person("sam", "Sam Whitlock"),
)
ROOMS = (
    DemoRoom("Quayside", "Everyday talk, tides and who brings lunch", "quayside"),
    DemoRoom("Engine and hull", "The work on Marigold: questions, findings, measurements", "engine-and-hull"),
    DemoRoom(
        "Keyholders",
        "Money, keys and visits. For those who lock up",
        "keyholders",
        participants=("tomas", "wen", "petra"),
    ),
    DemoRoom(
        "Boiler watch",
        "Who fires when, and how hot. Open to whoever has passed the boiler course",
        "boiler-watch",
        course="boiler-course",
        passed=("ingrid", "tomas", "kofi"),
    ),
)
DIRECT_PEOPLE = ("bisi", "ingrid")
DIRECT_CONVERSATION = "bisi-and-ingrid"


def logins() -> list[str]:
    """Return a line for each person worth signing in as: one of each role."""
    shown = {person.role: person for person in reversed(PEOPLE)}
    return [f"{shown[role].username}  ({role})  password {PASSWORD}" for role in ("owner", "moderator", "member")]
