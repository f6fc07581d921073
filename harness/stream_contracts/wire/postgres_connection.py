"""One client's connection to PostgreSQL: its statements, held where a hold waits for them, and what the server says."""

from __future__ import annotations

from collections import deque
from collections.abc import Coroutine
from dataclasses import dataclass, field
from typing import Any

from stream_contracts.errors import HarnessError
from stream_contracts.wire.connection import Connection
from stream_contracts.wire.door import Door
from stream_contracts.wire.postgres import (
    ANSWERS,
    ASKS,
    CANCEL,
    GSS,
    SSL,
    Prepared,
    extended,
    fields,
    message,
    query,
    settings,
    startup,
    strings,
)
from stream_contracts.wire.postgres_moments import Doing, PostgresMoments, Session
from stream_contracts.wire.refusals import Refuse
from stream_contracts.wire.stream import BUFFER_BYTES, Data, Stream

_ANSWERED_BY = {b"P": b"1", b"B": b"2", b"C": b"3", b"D": b"Tn", b"E": b"CIs", b"Q": b"Z", b"S": b"Z", b"F": b"Z"}
"""A client's letter -> the server's letters that end the answer to it."""


@dataclass(slots=True)
class Asked:
    """A message that the server has yet to answer, and which of the statements in it are moments."""

    letter: bytes
    doings: deque[Doing] = field(default_factory=deque)
    refused: bool = False
    """We sent something else in its place: of the answer only the error is for the client."""


class PostgresConnection(Connection):
    """Messages pass in their order, none of them changed; SSL and GSS encryption are refused as a server may."""

    def __init__(self, number: int, moments: PostgresMoments, door: Door, client: Stream) -> None:
        super().__init__(number, moments.ledger, door, client)
        self._moments = moments
        self._session = Session(moments, number)
        self._prepared = Prepared()
        self._asked: deque[Asked] = deque()
        self._failed = False
        """Whether the server passes over everything until the next Sync."""
        self._skipping = False
        """Whether we do: a message was swallowed, and what belongs to it goes with it."""
        self._mute = False
        """Whether the client is not to hear what the server says, until it is ready again."""
        self._kept: list[Data] = []
        self._ripe: list[Doing] = []
        """Statements that are done, and become true with the end of the transaction that they are."""

    def ways(self) -> tuple[Coroutine[Any, Any, None], ...]:
        """Requests, and answers."""
        return self._requests(), self._responses()

    def abandon(self) -> None:
        """Give up what the server has not answered."""
        for asked in self._asked:
            for doing in asked.doings:
                self._moments.lost(doing)

    # ---- from the client

    async def _requests(self) -> None:
        if await self._started():
            while (whole := await message(self.client, ASKS)) is not None:
                await self._request(whole)
        await self.outlived()

    async def _started(self) -> bool:
        """Let the session begin; False where it is none (a CancelRequest), or ends before."""
        while (first := await startup(self.client)) is not None:
            code, whole = first
            if code in (SSL, GSS):
                await self.tell(b"N")  # no encryption: a client that insists upon it says so, and goes
                continue
            if code >> 16 != 3 and code != CANCEL:
                raise HarnessError(f"a first message with code {code} is not one of PostgreSQL's protocol 3")
            if code != CANCEL:
                told = settings(whole[8:])
                self._session.client = told.get("application_name") or told.get("user", "")
                self._expect(Asked(b"S"))
            await self.ask(whole)
            return code != CANCEL
        return False

    async def _request(self, whole: Data) -> None:
        letter = bytes(whole[:1])
        if self._skipping:
            self._skipping = letter != b"S"
            return
        statements = self._prepared.asked(whole)
        together = len(statements) > 1
        found = (self._session.asked(each, together=together) for each in statements if not self._failed)
        doings = deque(doing for doing in found if doing is not None)
        for doing in doings:
            hold = self._moments.reached(doing, "before")
            fate = "release" if hold is None else await self.stand(hold)
            if fate == "swallow":
                self._skipping = letter == b"E"  # the Sync that ends it is swallowed as well: it is never answered
                return
            if isinstance(fate, Refuse):
                await self._refuse(letter, doings, doing, str(fate.code))
                return
        if letter in b"cf":
            self._forget_syncs()
        if letter in _ANSWERED_BY and (letter == b"S" or not self._failed):
            self._failed = False
            self._expect(Asked(letter, doings))
        await self.ask(whole)

    def _expect(self, asked: Asked) -> None:
        self._asked.append(asked)
        self.idle.clear()
        for _ in asked.doings:
            self._moments.sent()

    def _forget_syncs(self) -> None:
        """While a client copies in, the server passes over its Sync."""
        while len(self._asked) > 1 and self._asked[-1].letter == b"S":
            self._asked.pop()

    async def _refuse(self, letter: bytes, doings: deque[Doing], doing: Doing, sqlstate: str) -> None:
        """Let the server itself fail in place of the statement: what an error does to a transaction is its own affair."""
        fail = f"DO $$BEGIN RAISE EXCEPTION 'refused: {doing.statement.verb}' USING ERRCODE = '{sqlstate}'; END$$"
        parts = ["ROLLBACK", fail] if doing.statement.verb == "COMMIT" else [fail]
        if letter == b"Q":
            self._expect(Asked(b"Q", doings, refused=True))
            await self.ask(query("; ".join(parts)))
        else:
            self._expect(Asked(b"E", doings, refused=True))
            await self.ask(b"".join(map(extended, parts)))

    # ---- from the server

    async def _responses(self) -> None:
        while (whole := await message(self.server, ANSWERS)) is not None:
            letter = bytes(whole[:1])
            if letter == b"E":
                self._error(fields(whole[5:]).get("C", "?????"))
            elif self._asked and self._asked[0].refused and letter in b"12CnTDI":
                continue
            elif letter in b"123TnCIsZ":
                done = self._answered(letter, whole)
                if done is not None:
                    await self._done(done, whole)
                    continue
            await self._pass(letter, whole)

    def _answered(self, letter: bytes, whole: Data) -> Doing | None:
        """Which message this answers; the statement that is done with it, if it is a moment."""
        asked = self._asked[0] if self._asked else None
        if asked is None or (letter not in _ANSWERED_BY[asked.letter] and asked.letter != b"Q"):
            what = "nothing" if asked is None else f"a message {asked.letter!r}"
            raise HarnessError(f"the server at {self.door.server} answered {letter!r} where it was asked {what}")
        doing = self._finished(asked, strings(whole[5:], 1)[0]) if letter == b"C" else None
        if letter in _ANSWERED_BY[asked.letter]:
            self._asked.popleft()
            for undone in asked.doings:  # the server did not come to its end, or to it at all
                self._moments.done(undone, sqlstate="25P02" if letter == b"Z" else "")
            if letter == b"Z":
                self._ready(whole[5:6])
        return doing

    def _finished(self, asked: Asked, tag: str) -> Doing | None:
        """The statement of the message to which this tag belongs: they are done in their order."""
        verb = tag.split(" ", 1)[0]
        if not asked.doings or (asked.letter == b"Q" and verb not in (asked.doings[0].statement.tag, "ROLLBACK")):
            return None
        doing = asked.doings.popleft()
        self._moments.done(doing, tag)
        if verb != doing.statement.tag:
            return None  # to COMMIT what has failed is to roll it back
        return doing

    def _ready(self, status: Data) -> None:
        if not self._asked:
            self.idle.set()
            if status == b"I":
                self._session.idle()

    def _error(self, sqlstate: str) -> None:
        """The message in hand has failed; of the extended ones all that follow up to the Sync are passed over."""
        if not self._asked:
            return  # the server ends the session, or says so before it begins
        if self._asked[0].letter in b"QF":
            asked = self._asked[0]
            asked.refused = False
            self._fail(asked, sqlstate)
            return
        self._ripe.clear()
        while self._asked and self._asked[0].letter != b"S":
            self._fail(self._asked.popleft(), sqlstate)
        self._failed = not self._asked

    def _fail(self, asked: Asked, sqlstate: str) -> None:
        while asked.doings:
            self._moments.done(asked.doings.popleft(), sqlstate=sqlstate)

    async def _done(self, doing: Doing, whole: Data) -> None:
        """A statement is done. One that is a transaction of its own becomes true only with the Sync behind it."""
        if doing.alone and self._asked and self._asked[0].letter != b"Q" and self._syncs():
            self._ripe.append(doing)
            self._kept.append(whole)
        elif await self._after(doing):
            await self._pass(b"C", whole)

    def _syncs(self) -> bool:
        return any(asked.letter == b"S" for asked in self._asked)

    async def _after(self, doing: Doing) -> bool:
        """Hold the answer where a hold waits for it; False where its client is not to hear it."""
        hold = self._moments.reached(doing, "after")
        if hold is not None and await self.stand(hold) == "swallow":
            self._mute = True
            return False
        return True

    async def _pass(self, letter: bytes, whole: Data) -> None:
        """Tell the client, now or when what is kept is true."""
        if self._kept:
            self._kept.append(whole)
            if letter not in b"ZE" and sum(map(len, self._kept)) < BUFFER_BYTES:
                return
            ripe, kept, self._ripe, self._kept = self._ripe, self._kept, [], []
            for doing in ripe:
                if not await self._after(doing):
                    break
            whole = b"".join(kept)
        if self._mute:
            self._mute = letter != b"Z"
        else:
            await self.tell(whole)
