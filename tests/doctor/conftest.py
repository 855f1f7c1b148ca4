from __future__ import annotations

from pathlib import Path

import pytest
from fake_computer import FakeComputer


@pytest.fixture
def computer(tmp_path: Path) -> FakeComputer:
    return FakeComputer(tmp_path)
