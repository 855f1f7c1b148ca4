"""Whatever an interrupted change has left behind, back to an adapter that is itself.

The ladder, from what costs least: ask it; restart it; finish or undo the change by what its block says; write the
backup; restore the factory's block. A rung is tried only when the one before has not helped, and each says what it did.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import nullcontext
from dataclasses import dataclass, field

from bench.adapter import Identity, PlcAdapter, Progress
from bench.adapter.flash import AdapterFlash, Pib, no_progress
from bench.change.holding import signals_held
from bench.change.journal import Change, Journal, Stage
from bench.change.store import Store, digest_of
from bench.errors import AdapterError, AdapterRefused, AdapterSilent, PibError
from bench.ids import MacAddress
from bench.power import GuardedSwitch
from bench.units import Ns, s

WRITES_WITHIN: Ns = s(60)
"""Longer than any commit: 20 to 40 s are told of, restart included."""
LOOK_AGAIN: Ns = s(1)
LOADERS = ("BootLoader", "SoftLoader")
"""In the version text of an adapter that has no valid firmware or parameters to run."""


@dataclass
class Recovered:
    """What was found and done, in sentences. *pib*: the block it runs on now; None: nothing helped."""

    said: list[str] = field(default_factory=list)
    pib: Pib | None = None


def recover(
    adapter: PlcAdapter,
    store: Store,
    *,
    mac: MacAddress | None = None,
    power: GuardedSwitch | None = None,
    progress: Progress = no_progress,
    say: Callable[[str], None] = lambda _: None,
) -> Recovered:
    """Bring the adapter back. *mac*: whose it is, where it cannot say so itself and the journals name several.

    Raises AdapterSilent if it answers nothing at all, AdapterError with what was tried if nothing helped.
    """
    with signals_held(), power.locked("an adapter is being recovered") if power else nullcontext():
        return _Ladder(adapter, store, mac, progress, say).climb()


class _Ladder:
    def __init__(
        self,
        adapter: PlcAdapter,
        store: Store,
        mac: MacAddress | None,
        progress: Progress,
        say: Callable[[str], None],
    ) -> None:
        self.adapter, self.store, self.mac, self.progress, self._tell = adapter, store, mac, progress, say
        self.journal = Journal(store)
        self.result = Recovered()

    def climb(self) -> Recovered:
        rungs = (self._as_it_is, self._restarted, self._rewritten, self._factory)
        for rung in rungs:
            try:
                self.result.pib = rung()
            except AdapterSilent as error:
                self._say(f"{error}")
                continue
            except (AdapterError, PibError) as error:
                self._say(f"that did not help: {error}")
                continue
            if self.result.pib is not None:
                self._say(f"it is {self.adapter.identity}, its block is sound")
                return self.result
        raise AdapterError("\n".join((f"{self.adapter.name}: nothing has helped", *self.result.said)))

    def _say(self, what: str) -> None:
        self.result.said.append(what)
        self._tell(what)

    # rungs ------------------------------------------------------------------------------------------------------

    def _as_it_is(self) -> Pib | None:
        """It may be all right already: the change was done, or never reached the flash."""
        self.adapter.wait_ready()
        identity = self.adapter.identify()
        self._say(f"it answers as {identity}")
        return None if is_loader(identity) else self._settled(self.adapter.read_pib())

    def _restarted(self) -> Pib | None:
        identity = self.adapter.identify()
        if is_loader(identity):
            self._say(
                "that is its loader, which runs when firmware or parameters in the flash are damaged: it has no "
                "address of its own and no powerline, and waits for a sound block"
            )
            return None
        self._say("restart")
        self._restart()
        return self._settled(self.adapter.read_pib())

    def _rewritten(self) -> Pib | None:
        """From the change's own files, else the newest backup."""
        identity = self.adapter.identify()
        for octets, what in self._candidates(identity):
            self._say(f"write {what}")
            flash = self.adapter.flash_of(identity)
            try:
                self._write(flash, octets)
            except AdapterError as error:
                self._say(f"that did not help: {error}")
                identity = self.adapter.identify()
                continue
            return self._settled(self.adapter.read_pib())
        return None

    def _factory(self) -> Pib | None:
        identity = self.adapter.identify()
        if is_loader(identity):
            return None
        self._say("restore the factory's block")
        self.adapter.restore_factory()
        return self._settled(self.adapter.read_pib())

    # parts of them ----------------------------------------------------------------------------------------------

    def _restart(self) -> None:
        """An adapter that still writes its flash, for a program that is gone, refuses; it is waited for."""
        pump = self.adapter.wire.pump
        until = pump.clock.now() + WRITES_WITHIN
        told = False
        while True:
            try:
                return self.adapter.restart()
            except AdapterSilent:
                if not told:
                    raise
                return self.adapter.wait_ready()  # Some restart by themselves after a commit.
            except AdapterRefused:
                if pump.clock.now() >= until:
                    raise
                if not told:
                    self._say("it refuses, perhaps because it still writes its flash: waiting for that")
                    told = True
                pump.run_for(LOOK_AGAIN)

    def _write(self, flash: AdapterFlash, octets: bytes) -> None:
        flash.stage(octets, self.progress)
        try:
            flash.commit()
        except AdapterSilent:
            self.adapter.wait_ready()
        self.adapter.come_back(flash)
        self.adapter.identify()

    def _candidates(self, identity: Identity) -> Iterator[tuple[bytes, str]]:
        mac = self._whose(identity)
        seen: set[str] = set()
        for change in self._open(mac):
            if change.backup.exists():
                octets = change.backup.read_bytes()
                seen.add(digest_of(octets))
                yield octets, f"the backup of '{change.title}', {change.backup.name}"
        for backup in reversed(self.store.backups(mac)):
            octets = backup.octets()
            if digest_of(octets) not in seen:
                seen.add(digest_of(octets))
                yield octets, f"the backup {backup.path.name}"

    def _whose(self, identity: Identity) -> MacAddress:
        """Whose backups are meant. A loader does not know its own address."""
        if not is_loader(identity):
            return identity.mac
        if self.mac is not None:
            return self.mac
        known = {change.mac for change in self.journal.unfinished()} or set(self.store.adapters())
        if len(known) != 1:
            which = ", ".join(sorted(map(str, known))) or "none"
            raise AdapterError(
                f"its loader does not know whose it is; journals and backups know of {which}: say which by --mac"
            )
        return known.pop()

    def _open(self, mac: MacAddress) -> list[Change]:
        return [change for change in self.journal.unfinished() if change.mac == mac]

    def _settled(self, pib: Pib) -> Pib:
        """The block is sound: what was begun is ended, as what it says."""
        for change in self._open(pib.mac):
            digest = digest_of(pib.octets)
            if digest == change.new:
                self.journal.note(change, Stage.DONE)
                self._say(f"'{change.title}' is done: the adapter runs on the new block")
            elif digest == change.old:
                # What was sent without a commit still waits in its memory, and keeps others from writing.
                self._say("restart, so that it forgets what was sent to it")
                self._restart()
                if digest_of((now := self.adapter.read_pib()).octets) != digest:
                    return self._settled(now)  # It was still writing.
                over = Stage.UNCHANGED if change.stage in (Stage.BEGUN, Stage.STAGED) else Stage.ROLLED_BACK
                self.journal.note(change, over)
                self._say(f"'{change.title}' is over: the adapter runs on the old block")
            else:
                self.journal.note(change, Stage.ROLLED_BACK)
                self._say(f"'{change.title}' is over: the adapter runs on a block that is neither the old nor the new")
        return pib


def is_loader(identity: Identity) -> bool:
    return any(word.lower() in identity.version.lower() for word in LOADERS)
