"""Running somebody else's program to switch something: with a time limit, and out of reach of Ctrl-C."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Sequence
from contextlib import suppress

from bench.errors import PortError
from bench.units import Ns, show, to_s

MOST_OUTPUT = 600
"""Characters of it that go into a message: the last ones, where programs say what went wrong."""
AFTER_KILL_S = 2.0


def run_program(who: str, words: Sequence[str], *, within: Ns) -> str:
    """What the program wrote, standard output and errors together. PortError: missing, too slow, or a status but 0.

    It gets a process group of its own, so that a Ctrl-C meant for the bench does not stop it half-way; when its time is
    over the whole group is killed, because a shell would leave its children behind.
    """
    command = " ".join(words)
    try:
        process = subprocess.Popen(
            words,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            start_new_session=True,
        )
    except FileNotFoundError:
        raise PortError(f"{who}: there is no program {words[0]}: install it, or write its whole path") from None
    except OSError as error:
        raise PortError(f"{who}: {words[0]} cannot be run: {error.strerror}") from None
    with process:
        try:
            output, _ = process.communicate(timeout=to_s(within))
        except subprocess.TimeoutExpired:
            raise PortError(
                f"{who}: `{command}` was not done in {show(within)} and was killed, so nobody knows what is on now"
                f"{_quoted(_killed(process))}"
            ) from None
        except BaseException:
            _killed(process)
            raise
    if process.returncode != 0:
        raise PortError(f"{who}: `{command}` failed ({_ending(process.returncode)}){_quoted(output)}")
    return output


def _killed(process: subprocess.Popen[str]) -> str:
    """Kill the whole group; what it has written so far."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    try:
        output, _ = process.communicate(timeout=AFTER_KILL_S)
    except subprocess.TimeoutExpired:  # A grandchild in a session of its own holds the pipe.
        if process.stdout is not None:
            process.stdout.close()
        return ""
    return output


def _ending(status: int) -> str:
    return f"status {status}" if status > 0 else f"killed by {signal.Signals(-status).name}"


def _quoted(output: str) -> str:
    said = output.strip()
    if not said:
        return "; it said nothing"
    return f"; it said: {'...' if len(said) > MOST_OUTPUT else ''}{said[-MOST_OUTPUT:]}"
