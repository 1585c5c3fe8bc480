"""``${env:NAME}`` and ``${file:PATH}``: how a secret gets into a configuration without standing in it."""

import os
import re
import stat
from collections.abc import Mapping
from dataclasses import replace

from netmon.settings.document import Document, read_text, reason
from netmon.settings.faults import Complaint, Path
from netmon.settings.nodes import Node

MAX_SECRET_BYTES = 64_000
_REFERENCE = re.compile(r"\$\$\{|\$\{([^{}]*)\}|\$\{")
_ENV_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


def interpolate(document: Document, environment: Mapping[str, str]) -> tuple[Document, list[Complaint]]:
    """The same document with every reference replaced. ``$${`` stands for a plain ``${``."""
    work = _Interpolation(environment)
    root = work.resolve(document.root, ())
    return replace(document, root=root, secrets=frozenset(work.secrets)), work.complaints


class _Interpolation:
    def __init__(self, environment: Mapping[str, str]) -> None:
        self._environment = environment
        self.secrets: set[str] = set()
        self.complaints: list[Complaint] = []

    def resolve(self, node: Node, path: Path) -> Node:
        if isinstance(node.value, dict):
            return replace(node, value={k: self.resolve(child, (*path, k)) for k, child in node.value.items()})
        if isinstance(node.value, list):
            return replace(node, value=[self.resolve(child, (*path, i)) for i, child in enumerate(node.value)])
        if not isinstance(node.value, str) or "${" not in node.value:
            return node
        text = _REFERENCE.sub(lambda found: self._replacement(found, node, path), node.value)
        return replace(node, value=text, hidden=True)

    def _replacement(self, found: re.Match[str], node: Node, path: Path) -> str:
        if found.group() == "$${":
            return "${"
        kind, _, name = (found.group(1) or "").partition(":")
        if kind == "env" and _ENV_NAME.fullmatch(name):
            value = self._variable(name, path)
        elif kind == "file" and name:
            value = self._file(os.path.normpath(os.path.join(node.folder, name)), path)
        else:
            self._complain(
                path, "a ${...} that is not understood", "write ${env:NAME} or ${file:PATH}; $${ is a plain ${"
            )
            value = ""
        if len(value) >= 4:  # shorter ones would only mutilate messages, and say as much by doing so
            self.secrets.add(value)
        return value

    def _variable(self, name: str, path: Path) -> str:
        value = self._environment.get(name, "")
        if not value:
            state = "is empty" if name in self._environment else "is not set"
            self._complain(path, f"the environment variable {name} {state}", f"export {name}=... before starting")
        return value

    def _file(self, name: str, path: Path) -> str:
        try:
            value = read_text(name, MAX_SECRET_BYTES).rstrip("\r\n")
            readable_by_all = bool(os.stat(name).st_mode & stat.S_IROTH)
        except (OSError, ValueError) as error:
            self._complain(
                path, f"the file {name}: {reason(error)}", "a relative path is relative to the configuration file"
            )
            return ""
        if not value:
            self._complain(path, f"the file {name} is empty", "write the value into it")
        elif readable_by_all:
            self.complaints.append(
                Complaint(
                    path, f"the file {name} can be read by everybody on this machine", f"chmod o= {name}", warning=True
                )
            )
        return value

    def _complain(self, path: Path, message: str, hint: str) -> None:
        self.complaints.append(Complaint(path, message, hint))
