"""The map is true: every path that the documents name exists, and every name that they give is in the file."""

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
DOCUMENTS = sorted(
    [*ROOT.glob("docs/**/*.md"), *ROOT.glob("*.md"), *ROOT.glob("deploy/*.md"), *ROOT.glob("grafana/*.md")]
)
LINK = re.compile(r"\[[^\]]*\]\((?!https?:|mailto:|#)([^)\s#]+)(?:#[^)\s]*)?(?:\s+\"([^\"]+)\")?\)")


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda p: str(p.relative_to(ROOT)))
def test_links_lead_somewhere(document: Path) -> None:
    broken = []
    for path, name in LINK.findall(document.read_text(encoding="utf-8")):
        target = (document.parent / path).resolve()
        if not target.exists() or (name and name not in names_in(target)):
            broken.append(f"{path} {name}".strip())
    assert broken == []


def test_the_design_links_into_the_code() -> None:
    links = LINK.findall((ROOT / "docs" / "design.md").read_text(encoding="utf-8"))
    assert sum(1 for path, name in links if path.endswith(".py") and name) >= 30


def names_in(file: Path) -> set[str]:
    """What a module defines at its top level."""
    names: set[str] = set()
    for node in ast.parse(file.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            names.add(node.name)
        elif isinstance(node, ast.Assign):
            names |= {target.id for target in node.targets if isinstance(target, ast.Name)}
        elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            names.add(node.target.id)
    return names
