"""ccs-bench: a hardware-in-the-loop bench for CCS charging communication.

The layers are drawn in docs/architecture.md and kept by import-linter.
"""

__version__ = "0.1.0"
