"""What a request brings about: a confirmation, and perhaps something the adapter does once that is out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

from bench.mme import Mme
from bench.units import Ns

if TYPE_CHECKING:
    from bench.sim.adapter.modem import VirtualAdapter


@dataclass(frozen=True, slots=True)
class Reply:
    """A confirmation with consequences.

    then          done at the instant *mme* leaves; None: nothing
    wait          how much later than usual it leaves
    frame_octets  zeros fill its frame up to so many
    """

    mme: Mme
    then: Callable[[], None] | None = None
    wait: Ns = 0
    frame_octets: int = 0


Answer: TypeAlias = Callable[["VirtualAdapter", Any, bool], Mme | Reply | None]
"""(adapter, request, whether it came from the adapter's own host) -> confirmation, None for none"""
