"""What can go wrong with rooms and messages, in the words that a person sees. Codes are stable."""

from __future__ import annotations

from kernel.errors import Conflict, Forbidden


class RoomIsArchived(Conflict):
    """The room can be read, and nothing in it changes any more."""

    code = "room.archived"
    message = "This room is archived: it can be read, but nothing in it can be changed."


class RoomIsDirect(Conflict):
    """A conversation of two people has no name, no archive and no other members."""

    code = "room.is_direct"
    message = "A direct conversation belongs to its two people and cannot be changed like a room."


class MessageIsDeleted(Conflict):
    """A deleted message stays deleted."""

    code = "message.is_deleted"
    message = "This message was deleted."


class EditWindowOver(Conflict):
    """The time in which an author may edit has passed."""

    code = "message.edit_window_over"
    message = "This message is too old to be edited."


class NotTheAuthor(Forbidden):
    """Only authors edit their messages; moderators may delete them."""

    code = "message.not_the_author"
    message = "This message is somebody else's."


class TooManyOverwrites(Conflict):
    """The room has as many overwrites as it may have."""

    code = "overwrite.too_many"
    message = "This room has too many overwrites. Delete one first."


class OverwriteLocksOut(Conflict):
    """With the overwrite its own editor could not manage the room any more."""

    code = "overwrite.locks_out"
    message = "You could not manage this room any more yourself."


class TooManyCategories(Conflict):
    """The community has as many categories of rooms as it may have."""

    code = "category.too_many"
    message = "There are too many categories. Delete one first."
