"""The systemd unit of docs/operations.md starts flows as README.md does."""

import re

from tests.end_to_end.flow_process import REPOSITORY

STATE = "/var/lib/orbitwatch"


def test_the_unit_starts_a_flow_as_the_readme_does():
    page = (REPOSITORY / "docs" / "operations.md").read_text("utf-8")
    assert "/etc/systemd/system/orbitwatch@.service" in page
    unit = page.partition("<!-- unit: begin -->")[2].partition("<!-- unit: end -->")[0]
    [start] = re.findall(r"^ExecStart=\S+/python (.*)$", unit, re.MULTILINE)
    readme = (REPOSITORY / "README.md").read_text("utf-8")
    [told] = re.findall(r"^python (-m bytewax\.run .*)$", readme, re.MULTILINE)
    ours = told.replace("spacecraft", "%i").replace("-r state", f"-r {STATE}/%i")
    assert start == ours
    assert f"-m bytewax.recovery {STATE}/%i 1" in unit
    assert "\nRestart=always\n" in unit
