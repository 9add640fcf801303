"""Jobs of chat: following up what concerns very many members. Thin wrappers; the work is in the actions."""

from uuid import UUID

from procrastinate import RetryStrategy
from procrastinate.contrib.django import app

from chat.actions import overwrite_spreading
from kernel.ids import RoomId

UNTIL_IT_IS_DONE = RetryStrategy(max_attempts=100, exponential_wait=2)


@app.task(name=overwrite_spreading.JOB, retry=UNTIL_IT_IS_DONE, pass_context=False)
def spread_overwrites(room_id: str, before: str | None, after: str | None) -> None:
    """Go on with a change of a room's overwrites that concerns very many."""
    from_version, from_member = (None if one is None else UUID(one) for one in (before, after))
    overwrite_spreading.spread_overwrites(RoomId(UUID(room_id)), from_version, from_member)
