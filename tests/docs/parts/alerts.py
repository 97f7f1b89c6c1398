"""Every alert of Prometheus with its runbook."""

from __future__ import annotations

import re
from typing import Any

import yaml

from tests.docs.pages import ROOT
from tests.docs.parts.tables import table

RULES = ROOT / "provisioning" / "prometheus" / "rules"


def alerts() -> str:
    """The alerts in the order of their files."""
    return table(
        ("alert", "severity", "what it says", "for"),
        (
            (
                f"[{rule['alert']}](../{rule['annotations']['runbook']})",
                rule["labels"]["severity"],
                _readable(rule["annotations"]["summary"]),
                str(rule.get("for", "")),
            )
            for rule in _rules()
            if "alert" in rule
        ),
    )


def _rules() -> list[dict[str, Any]]:
    return [
        rule
        for file in sorted(RULES.glob("*.yml"))
        for group in yaml.safe_load(file.read_text(encoding="utf-8"))["groups"]
        for rule in group["rules"]
    ]


def _readable(summary: str) -> str:
    """The summary with names of labels for what will stand there."""
    return re.sub(r"{{ \$labels\.(\w+) }}", r"*\1*", summary)
