"""Statements sent to PostgreSQL together in libpq's pipeline mode, and their answers. Django, and what is asked, are above this."""

from __future__ import annotations

import select
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple
from weakref import WeakKeyDictionary

import psycopg
from psycopg.adapt import Transformer
from psycopg.errors import error_from_result
from psycopg.pq import ConnStatus, DiagnosticField, ExecStatus, TransactionStatus
from psycopg.pq.abc import PGconn, PGresult

Driver = psycopg.Connection[Any]
Rows = list[tuple[Any, ...]]

_names: dict[str, bytes] = {}
"""What each statement is prepared as: the same on every connection."""
_prepared: WeakKeyDictionary[Driver, set[str]] = WeakKeyDictionary()


class Answer:
    """The rows of a statement; reading them waits for the round trip that it is part of."""

    __slots__ = ("_trip", "rows")

    def __init__(self, trip: RoundTrip) -> None:
        self._trip = trip
        self.rows: Rows = []

    def fetchall(self) -> Rows:
        """Return all rows; none for a statement that has none. Raises `psycopg.Error`."""
        self._trip.make()
        return self.rows


class _Question(NamedTuple):
    statement: str
    parameters: Sequence[bytes]
    answer: Answer


class _Command(NamedTuple):
    """Something that libpq was given, and what its result is for."""

    prepares: str | None = None
    answer: Answer | None = None


class RoundTrip:
    """Statements for one connection that are sent together by `make`; then it gathers the next."""

    def __init__(self, driver: Driver) -> None:
        self.checks: list[Callable[[], None]] = []
        self._driver = driver
        self._waiting: list[_Question] = []

    def add(self, statement: str, parameters: Sequence[bytes]) -> Answer:
        """Let a statement go with the next round trip."""
        question = _Question(statement, parameters, Answer(self))
        self._waiting.append(question)
        return question.answer

    def make(self) -> None:
        """Send what waits, take the answers, then carry out the checks.

        Raises the `psycopg.Error` of the first statement that fails; PostgreSQL skips those behind it. A connection that is
        interrupted in between is closed: what is still under way cannot be told from what would come next.
        """
        waiting, self._waiting = self._waiting, []
        if waiting:
            self._ask(waiting)
        checks, self.checks = self.checks, []
        for check in checks:
            check()

    def _ask(self, questions: Sequence[_Question]) -> None:
        pgconn = self._driver.pgconn
        try:
            pgconn.enter_pipeline_mode()
            commands = self._send(pgconn, questions)
            pgconn.pipeline_sync()
            results = _results(pgconn)
            pgconn.exit_pipeline_mode()
        except BaseException:
            self._driver.close()
            raise
        self._judge(commands, results)

    def _send(self, pgconn: PGconn, questions: Sequence[_Question]) -> list[_Command]:
        """Give libpq the statements, those that this connection does not know yet prepared before; begin a transaction if there is none."""
        commands: list[_Command] = []
        if not self._driver.autocommit and pgconn.transaction_status == TransactionStatus.IDLE:
            pgconn.send_query_params(b"BEGIN", None)
            commands.append(_Command())
        known = _prepared.setdefault(self._driver, set())
        for statement, parameters, answer in questions:
            if self._driver.prepare_threshold is None:
                pgconn.send_query_params(statement.encode(), parameters)
            else:
                name = _names.setdefault(statement, b"hot_%d" % len(_names))
                if statement not in known and all(command.prepares != statement for command in commands):
                    pgconn.send_prepare(name, statement.encode())
                    commands.append(_Command(prepares=statement))
                pgconn.send_query_prepared(name, parameters)
            commands.append(_Command(answer=answer))
        return commands

    def _judge(self, commands: Sequence[_Command], results: Sequence[PGresult]) -> None:
        rows = Transformer(self._driver)
        for command, result in zip(commands, results, strict=True):
            if result.status not in _GOOD:
                raise error_from_result(result, self._driver.info.encoding)
            if command.prepares is not None:
                _prepared[self._driver].add(command.prepares)
            if command.answer is not None and result.ntuples:
                rows.set_pgresult(result)
                command.answer.rows = rows.load_rows(0, result.ntuples, tuple)


_GOOD = (ExecStatus.COMMAND_OK, ExecStatus.TUPLES_OK)


def _results(pgconn: PGconn) -> list[PGresult]:
    """Send all and return a result per command. Raises `OperationalError` when the connection is lost."""
    results: list[PGresult] = []
    unsent = pgconn.flush()
    while True:
        while unsent or pgconn.is_busy():
            _wait(pgconn.socket, select.POLLIN | (select.POLLOUT if unsent else 0))
            pgconn.consume_input()  # while there is still something to send, too: else both ends could wait for room
            unsent = unsent and pgconn.flush()
        result = pgconn.get_result()
        if result is not None and result.status == ExecStatus.PIPELINE_SYNC:
            return results
        if pgconn.status != ConnStatus.OK:
            raise _lost(pgconn, result)
        if result is not None:
            results.append(result)


def _wait(socket: int, events: int) -> None:
    poll = select.poll()
    poll.register(socket, events)
    poll.poll()


def _lost(pgconn: PGconn, result: PGresult | None) -> psycopg.Error:
    """Return why there is no connection any more: PostgreSQL's last word, else what libpq knows."""
    if result is not None and result.error_field(DiagnosticField.SQLSTATE):
        return error_from_result(result)
    return psycopg.OperationalError(pgconn.get_error_message())
