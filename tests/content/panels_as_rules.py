"""panels_as_rules.py: print every query of every dashboard as a recording rule, so that promtool reads them."""

import sys
from pathlib import Path

import yaml

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "platform"))
import dashboards  # noqa: E402

rules = [
    {"record": f"panel:{number}", "expr": query.expression, "labels": {"panel": f"{query.dashboard}/{query.panel}/{query.ref}"}}
    for number, query in enumerate(dashboards.queries())
]
yaml.safe_dump({"groups": [{"name": "panels", "rules": rules}]}, sys.stdout, width=10000)
