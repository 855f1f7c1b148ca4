"""An overheard key on the own adapter for a while, and its old key back.

The key goes to the adapter's own address, never to everybody and never to an address that stands for any adapter: a
broadcast CM_SET_KEY.REQ was once taken by a stranger's modem. The old key comes from the adapter's parameter block; the
whole block is kept on the disk first, so that `bench pib restore` can help where this program was killed.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Self

from bench.adapter import PlcAdapter
from bench.change.store import Store
from bench.errors import AdapterError, BenchError, PortError
from bench.ids import MacAddress, Nid
from bench.mme import CmGetKeyCnf, CmGetKeyReq, CmSetKeyCnf, CmSetKeyReq, Frame, Mme
from bench.pib import PibImage
from bench.slac.events import Network
from bench.trace import FrameSeen
from bench.units import Ns, ms, s
from bench.wire import Wire

CONFIRMED_WITHIN: Ns = ms(500)
ASK_EVERY: Ns = ms(250)
SETTLES: Ns = s(6)
"""A TL-PA4010P goes on with its former key for up to 4 s. What it says sooner after a change proves nothing."""
PROVED_WITHIN: Ns = s(15)
GIVEN_UP_AFTER: Ns = s(40)


class BorrowedKey:
    """The adapter *mac* at *wire*, whose own key is *own*.

    backup  where its parameter block is kept
    taken   the network whose key it was given; None: it has its own
    """

    def __init__(self, wire: Wire, mac: MacAddress, own: Network, backup: Path) -> None:
        self.wire, self.mac, self.own, self.backup = wire, mac, own, backup
        self.taken: Network | None = None
        self._used = False

    @classmethod
    def of(cls, adapter: PlcAdapter, pib: PibImage, store: Store | None = None) -> Self:
        """For the identified *adapter*, whose parameter block is *pib*.

        Raises AdapterError, before anything is changed, where the key in it cannot be trusted to be the adapter's;
        OSError where the backup cannot be written.
        """
        assert adapter.identity is not None
        mac = adapter.identity.mac
        if pib.mac != mac:
            raise AdapterError(
                f"{adapter.name}: {mac} answers, but the parameters that were read are those of {pib.mac}; "
                "leave one adapter on this Ethernet"
            )
        if not any(pib.nmk):
            raise AdapterError(
                f"{adapter.name}: the parameters of {mac} do not show its key, so it could not be given back"
            )
        own = Network(nid=pib.nid, nmk=pib.nmk)
        return cls(adapter.wire, mac, own, (store or Store()).keep(pib).path)

    def take(self, network: Network) -> bool:
        """Give the adapter the key of *network*. Whether it has confirmed; the result in it says nothing."""
        if network == self.own and self.taken is None:
            return True
        # Before it is sent: whatever happens now, the old key has to go back.
        self.taken, self._used = network, False
        return self._set(network)

    def in_networks(self, nids: Iterable[Nid]) -> None:
        """The adapter says it is in these networks; in that of the taken key, it uses that by now."""
        self._used = self._used or (self.taken is not None and self.taken.nid in nids)

    def give_back(self) -> None:
        """Set the old key again and wait until the adapter uses it. Does nothing if none was taken.

        Raises AdapterError, with the remedy, if it does not confirm or does not use it.
        """
        try:
            self._give_back()
        except PortError as error:
            raise AdapterError(f"{error}; {self._remedy}") from None

    @property
    def _remedy(self) -> str:
        return (
            f"{self.mac} may still have the overheard key; its old settings are kept: "
            f"bench pib restore -i {self.wire.port.name} {self.backup}"
        )

    def _give_back(self) -> None:
        if self.taken is None:
            return
        end, confirmed = self._now() + GIVEN_UP_AFTER, False
        while self._now() < end:
            asked = self._now()
            if not self._set(self.own):
                self._pause(asked + CONFIRMED_WITHIN)
                continue
            confirmed = True
            if self._has_own(asked):
                self.taken = None
                return
        what = "confirms the key but does not use it" if confirmed else "does not answer"
        raise AdapterError(f"{self.wire.port.name}: {self.mac} {what}; {self._remedy}")

    def _has_own(self, asked: Ns) -> bool:
        """Whether it comes to use the key that was set at *asked*."""
        while self._now() < asked + PROVED_WITHIN:
            start = self._now()
            seen = self._answer(CmGetKeyReq(nid=self.own.nid), CmGetKeyCnf)
            if seen is not None:
                mme = seen.mme
                assert isinstance(mme, CmGetKeyCnf)
                own = mme.result == 0 and bytes(mme.key) == bytes(self.own.nmk)
                if own and (self._used or self._now() >= asked + SETTLES):
                    return True
                self._used = self._used or not own
            self._pause(start + ASK_EVERY)
        return False

    def _set(self, network: Network) -> bool:
        return self._answer(CmSetKeyReq(nid=network.nid, nmk=network.nmk), CmSetKeyCnf) is not None

    def _answer(self, request: Mme, kind: type[Mme]) -> FrameSeen | None:
        after = len(self.wire.received)
        self.wire.send(Frame(self.mac, self.wire.port.mac, request), self._now())
        return self.wire.first(kind, within=CONFIRMED_WITHIN, after=after, where=self._is_its)

    def _is_its(self, seen: FrameSeen) -> bool:
        return seen.frame is not None and seen.frame.src == self.mac

    def _pause(self, until: Ns) -> None:
        self.wire.pump.run(lambda: False, until)

    def _now(self) -> Ns:
        return self.wire.pump.clock.now()


def why_not_borrowed(error: BenchError | OSError) -> str:
    """The refusal of --join."""
    return f"--join is refused, because the old key could not be given back; nothing was changed: {error}"
