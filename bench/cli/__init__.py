"""The `bench` command: a thin call into the library per subcommand.

Nothing heavy is imported before a subcommand runs, so that `bench --help` answers at once.
"""

import sys


def main() -> None:
    """Entry point. Ctrl-C ends quietly with status 130."""
    try:
        from bench.cli.app import app

        app()
    except KeyboardInterrupt:
        sys.exit(130)
