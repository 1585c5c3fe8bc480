"""Pydantic's errors in plain sentences, at the path that the person wrote."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel, ValidationError

from netmon.settings.declared import PROVINCE_CODE, REGION_CODE
from netmon.settings.faults import Complaint, Path, did_you_mean, nearest, quoted
from netmon.settings.nodes import Node
from netmon.settings.shape import is_secret, keys_at, kinds_at

_A_DATE = "must be a date such as 2026-01-31, or a time such as 2026-01-31T00:00:00+08:00"
_FORMS = {
    PROVINCE_CODE: 'must be the Kemendagri code of a province such as "72"',
    REGION_CODE: 'must be a Kemendagri code such as "72.02"',
}
_SENTENCES: Mapping[str, str | Callable[[Mapping[str, Any]], str]] = {
    "missing": "is required, but missing",
    "extra_forbidden": "unknown key",
    "string_type": "must be text",
    "path_type": "must be a path",
    "int_type": "must be a whole number",
    "int_parsing": "must be a whole number",
    "int_from_float": "must be a whole number",
    "float_type": "must be a number",
    "float_parsing": "must be a number",
    "finite_number": "must be a finite number",
    "bool_type": "must be true or false",
    "bool_parsing": "must be true or false",
    "list_type": "must be a list",
    "tuple_type": "must be a list",
    "dict_type": "must be a mapping of keys",
    "model_type": "must be a mapping of keys",
    "model_attributes_type": "must be a mapping of keys",
    "greater_than": lambda c: f"must be more than {c['gt']:g}",
    "greater_than_equal": lambda c: f"must be {c['ge']:g} or more",
    "less_than": lambda c: f"must be less than {c['lt']:g}",
    "less_than_equal": lambda c: f"must be {c['le']:g} or less",
    "literal_error": lambda c: _one_of(c["expected"]),
    "enum": lambda c: _one_of(c["expected"]),
    "string_pattern_mismatch": lambda c: _FORMS.get(c["pattern"]) or f"must have the form {c['pattern']}",
    "string_too_short": "must not be empty",
    "string_too_long": lambda c: f"must have at most {c['max_length']} characters",
    "too_short": lambda c: f"must have at least {c['min_length']} entr{'y' if c['min_length'] == 1 else 'ies'}",
    "too_long": lambda c: f"must have at most {c['max_length']} entries",
    "union_tag_not_found": "is required, but missing",
    "union_tag_invalid": lambda c: _one_of(c["expected_tags"]),
    "value_error": lambda c: str(c["error"]),
}
_WRONG_KIND = re.compile(
    r"(string|int|float|bool|list|tuple|dict|model|path)_(type|attributes_type)|(date|datetime)_.*"
)
_DATES = re.compile(r"(date|datetime)_")


@dataclass(frozen=True, slots=True)
class _Error:
    """One pydantic error, its location taken apart into the document's path and the arms of unions it went through."""

    path: Path
    arms: tuple[tuple[int, str], ...]
    """(length of the path at which a union was entered, the arm's name)."""
    kind: str
    context: Mapping[str, Any]

    def is_wrong_kind(self, depth: int) -> bool:
        """The value is not of the arm's sort at all, so that this arm was hardly meant."""
        return len(self.path) == self.arms[depth][0] and bool(_WRONG_KIND.fullmatch(self.kind))


def translate(error: ValidationError, root: type[BaseModel], tree: Node) -> tuple[list[Complaint], set[Path]]:
    """One complaint for each thing that is wrong; where a value fits no arm of a union, one for all arms.

    With them the paths about which nothing more need be said: those, and what a misspelt key was meant to be.
    """
    errors = _meant([_taken_apart(e, root) for e in error.errors(include_url=False, include_input=False)])
    misspelt = [e for e in errors if e.kind == "extra_forbidden"]
    intended = {(e.path[:-1], nearest(e.path[-1], _free_keys(e, root, tree))) for e in misspelt}
    told: set[Path] = {(*above, key) for above, key in intended if key is not None}
    translator = _Translator(root, tree)
    complaints = [translator.complaint(e) for e in errors if e.kind != "missing" or e.path not in told]
    return complaints, told | {c.path for c in complaints}


def _taken_apart(error: Any, root: type[BaseModel]) -> _Error:
    path: Path = ()
    arms: list[tuple[int, str]] = []
    for step in error["loc"]:
        in_union = len(kinds_at(root, path)) > 1 and not (arms and arms[-1][0] == len(path))
        if in_union and isinstance(step, str):
            arms.append((len(path), step))
        else:
            path = (*path, step)
    context = error.get("ctx", {})
    if error["type"].startswith("union_tag"):
        path = (*path, str(context.get("discriminator", "type")).strip("'"))
    return _Error(path, tuple(arms), error["type"], context)


def _meant(errors: Sequence[_Error], depth: int = 0) -> list[_Error]:
    """Of each union only the errors of the arm that was meant: one whose sort of value was given."""
    unions: dict[Path, dict[str, list[_Error]]] = {}
    chosen = [e for e in errors if len(e.arms) <= depth]
    for error in errors:
        if len(error.arms) > depth:
            length, arm = error.arms[depth]
            unions.setdefault(error.path[:length], {}).setdefault(arm, []).append(error)
    for union, arms in unions.items():
        sound = [arm for arm in arms.values() if not any(e.is_wrong_kind(depth) for e in arm)]
        if sound:
            chosen += _meant(min(sound, key=len), depth + 1)
        else:
            first = next(iter(arms.values()))[0]
            kinds = dict.fromkeys(e.kind for arm in arms.values() for e in arm)
            chosen.append(_Error(union, first.arms, " | ".join(kinds), first.context))
    return chosen


def _free_keys(error: _Error, root: type[BaseModel], tree: Node) -> list[str]:
    """The keys that this mapping could still have."""
    mapping = tree.find(error.path[:-1])
    taken = mapping.value if mapping and isinstance(mapping.value, dict) else {}
    return [k for k in keys_at(root, error.path[:-1], error.arms[-1][1] if error.arms else None) if k not in taken]


class _Translator:
    def __init__(self, root: type[BaseModel], tree: Node) -> None:
        self._root = root
        self._tree = tree

    def complaint(self, error: _Error) -> Complaint:
        if error.kind == "missing" and isinstance(error.path[-1], int):
            return Complaint(error.path[:-1], f"must have at least {error.path[-1] + 1} entries")
        sentences = dict.fromkeys(_sentence(kind, error.context) for kind in error.kind.split(" | "))
        message = " or ".join(sentences).replace(" or must be ", " or ")
        node = self._tree.find(error.path)
        if error.kind == "extra_forbidden":
            return Complaint(error.path, message, self._known_keys(error))
        if node is None or error.kind == "value_error":
            return Complaint(error.path, message)
        may_show = not (node.hidden or is_secret(self._root, error.path) or _expects_more(error))
        instead = node.kind
        if may_show and node.text:
            instead = quoted(node.text) if node.kind == "text" else node.text
        return Complaint(error.path, f"{message}, not {instead}", _hint(error, node, may_show))

    def _known_keys(self, error: _Error) -> str:
        free = _free_keys(error, self._root, self._tree)
        if meant := did_you_mean(error.path[-1], free):
            return meant
        if error.path[-1] == "<<":
            return "merge keys are not used here; write the keys out"
        return f"known here: {', '.join(sorted(free))}" if 0 < len(free) <= 14 else ""


def _expects_more(error: _Error) -> bool:
    """A mapping or list was expected: what stands there instead might be a secret in the wrong place."""
    return any(word in error.kind for word in ("list", "tuple", "dict", "model"))


def _hint(error: _Error, node: Node, may_show: bool) -> str:
    if "string_type" in error.kind and node.kind in ("a number", "true or false"):
        return f"quote it: {quoted(node.text)}" if may_show else "quote it"
    options = re.findall(r"'([^']*)'", str(error.context.get("expected") or error.context.get("expected_tags")))
    return did_you_mean(node.text, options) if may_show and len(options) > 2 else ""


def _sentence(kind: str, context: Mapping[str, Any]) -> str:
    sentence = _SENTENCES.get(kind)
    if sentence is None:
        return _A_DATE if _DATES.match(kind) else "is not valid here"
    return sentence if isinstance(sentence, str) else sentence(context)


def _one_of(options: str) -> str:
    """Pydantic's ``'a', 'b' or 'c'`` with fewer marks."""
    return f"must be {'one of ' if ',' in options else ''}{options.replace(chr(39), '')}"
