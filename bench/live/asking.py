"""A person who works a part of the rig by hand (`driver = "manual"`), asked on the screen of the console.

    opened(mode, wishes, watch, partial(ScreenOperator, asking, tell))

The question stands where the console says what it has to say, Enter answers it. Frames go on being answered meanwhile.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager

from bench.clock import SystemClock
from bench.operator import PATIENCE, OperatorGaveUp, Say
from bench.pump import Pump
from bench.units import Ns, show

DONE = ("\n", "\r")
DECLINED = ("q", "Q")


class Question:
    """*done*: None as long as nobody has answered."""

    def __init__(self, what: str) -> None:
        self.text = f">>> {what}, then press Enter"
        self.done: bool | None = None

    def hear(self, key: str) -> None:
        if key in DONE or key in DECLINED:
            self.done = key in DONE


class ScreenOperator:
    """An `Operator` at the console.

    asking  shows a question, and hands it the keys, as long as its block lasts
    tell    says something that needs no answer
    """

    def __init__(
        self,
        asking: Callable[[Question], AbstractContextManager[None]],
        tell: Callable[[str], None],
        pump: Pump,
        clock: SystemClock,
        say: Say,
        *,
        patience: Ns = PATIENCE,
    ) -> None:
        self._asking, self._tell = asking, tell
        self._pump, self._clock, self._say, self._patience = pump, clock, say, patience

    def ask(self, what: str) -> Ns:
        asked, question = self._clock.now(), Question(what)
        self._say(asked, "operator", f"asked to: {what}")
        with self._asking(question):
            self._pump.run(lambda: question.done is not None, asked + self._patience)
        done = self._clock.now()
        if question.done is None:
            raise OperatorGaveUp(f"nobody answered within {show(self._patience)}: {what}")
        if not question.done:
            raise OperatorGaveUp(f"the operator gave up: {what}")
        self._say(done, "operator", f"says it is done after {show(done - asked)}: {what}")
        return done

    def tell(self, what: str) -> None:
        self._tell(what)
        self._say(self._clock.now(), "operator", f"told: {what}")
