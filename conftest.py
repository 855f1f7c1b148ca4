"""Options and plugins of the suite; everything else is in fixtures/."""

import pytest

pytest_plugins = ["fixtures.rig", "fixtures.stations", "fixtures.report", "fixtures.baseline", "fixtures.regression"]


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("ccs-bench")
    group.addoption("--rig", default="sim", metavar="FILE|sim", help="rig file; sim (default) needs none")
    group.addoption(
        "--verdict",
        choices=("strict", "field"),
        default="field",
        help="which limits decide the exit status: the standard's, or what real stations get away with (default)",
    )
    group.addoption(
        "--timings",
        default="results/timings.json",
        metavar="FILE",
        help="where every measured interval of the run goes (default: results/timings.json); empty: nowhere",
    )
    group.addoption(
        "--baseline",
        metavar="DIR",
        help="compare every interval measured with the baselines in DIR; a regression fails the run",
    )
    group.addoption(
        "--baseline-tolerance",
        type=float,
        metavar="MS",
        help="up to so many ms a shift is no regression (default: three times the rig's uncertainty)",
    )
    group.addoption(
        "--recipe",
        metavar="RECIPE",
        help="with -m pib: what this recipe (a name or a .toml) does to matching, instead of those in firmware_pib",
    )
    group.addoption(
        "--matches",
        type=int,
        default=30,
        metavar="N",
        help="with -m pib: so many matches before and after a change of a parameter block (default: 30)",
    )
    group.addoption(
        "--bisect", action="store_true", help="with -m pib: find the field that is to blame for what has become worse"
    )
    group.addoption("--vehicle", metavar="NAME", help="only this vehicle profile")
    group.addoption("--allow-flash", action="store_true", help="on real adapters, run the tests that write their flash")
    group.addoption(
        "--allow-energise",
        action="store_true",
        help="contactors of the rig may be closed; without it nothing energises a car",
    )
    group.addoption("--show-keys", action="store_true", help="network keys in clear in reports and captures")
