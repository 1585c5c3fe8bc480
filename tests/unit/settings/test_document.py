"""One tree out of many files, each node with its place; and YAML's traps disarmed."""

import os
from pathlib import Path

import pytest

from netmon.configuration import Configuration, load_configuration
from netmon.settings.check import check
from netmon.settings.document import MAX_BYTES, Document, read
from netmon.settings.faults import Fault, Faulty
from netmon.settings.nodes import MAX_NODES
from tests.unit.settings.conftest import SOUND, Write


def reading(path: Path) -> tuple[Document, list[str]]:
    faults: list[Fault] = []
    return read(str(path), faults), [str(fault) for fault in faults]


def test_lists_are_joined_and_mappings_merged(write: Write) -> None:
    path = write("include: [a.yaml, b.yaml]\nl: [1]\nm: {x: 1}\n", a="l: [2]\nm: {y: 2}\n", b="l:\n  - 3\n")
    document, faults = reading(path)
    assert faults == []
    assert document.root.plain() == {"l": [1, 2, 3], "m": {"x": 1, "y": 2}}
    assert document.files == ("main.yaml", "a.yaml", "b.yaml")
    assert str(document.place(("l", 2))) == "b.yaml:2"
    assert str(document.place(("m", "y"))) == "a.yaml:2"


def test_a_scalar_given_twice_is_a_fault_with_both_places(write: Write) -> None:
    _, faults = reading(write("include: a.yaml\nm: {x: 1}\n", a="\nm:\n  x: 2\n"))
    assert faults == ["a.yaml:3: m.x: given in two files; first at main.yaml:2; keep one of them"]


def test_includes_are_relative_to_the_file_that_names_them(write: Write) -> None:
    Path("deep/deeper").mkdir(parents=True)
    Path("deep/one.yaml").write_text("include: deeper/*.yaml\n")
    Path("deep/deeper/two.yaml").write_text("store: {path: var}\n")
    document, faults = reading(write("include: deep/one.yaml\n"))
    assert faults == []
    assert document.root.plain() == {"store": {"path": "var"}}


def test_relative_paths_in_values_are_those_of_their_file(write: Write) -> None:
    path = write("include: deep/store.yaml\n" + SOUND.replace("store: {path: ./var}\n", ""))
    Path("deep").mkdir()
    Path("deep/store.yaml").write_text("store: {path: ./var}\n")
    assert load_configuration(path).configuration.store.path == Path("deep/var").absolute()


@pytest.mark.parametrize(
    ("main", "others", "fault"),
    [
        ("include: main.yaml", {}, "main.yaml:1: include: main.yaml includes itself; break the ring"),
        ("include: a.yaml", {"a": "include: main.yaml"}, "a.yaml:1: include: main.yaml includes itself by way of "),
        (
            "include: [a.yaml, a.yaml]",
            {"a": ""},
            "main.yaml:1: include: a.yaml is included twice; first at main.yaml:1",
        ),
        ("include: a.yaml", {}, "main.yaml:1: include: a.yaml: no such file; a relative path is relative to this file"),
        ("x: 1\ninclude: .", {}, "main.yaml:2: include: .: is a folder"),
        ("include: {a: b}", {}, "main.yaml:1: include: must be a path or a list of paths, not a mapping"),
        ("include: 'a\\0b'", {}, "main.yaml:1: include: a\\0b: no such file"),
        ('include: "a\\0b"', {}, "main.yaml:1: include: a\N{REPLACEMENT CHARACTER}b: no such file"),
        ("include: x*.yaml", {}, "main.yaml:1: include: no file matches x*.yaml"),
    ],
)
def test_an_include_that_cannot_be(write: Write, main: str, others: dict[str, str], fault: str) -> None:
    _, faults = reading(write(main, **others))
    assert len(faults) == 1
    assert faults[0].startswith(fault)


def test_a_glob_does_not_match_the_file_that_names_it(write: Write) -> None:
    document, faults = reading(write("include: '*.yaml'\n", a="x: 1"))
    assert (document.root.plain(), faults) == ({"x": 1}, [])


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("no", "no"),
        ("on", "on"),
        ("12:30:45", "12:30:45"),
        ("0o17", "0o17"),
        ("2026-01-01", "2026-01-01"),
        ("1_000", "1_000"),
        ("true", True),
        ("~", None),
        ("-7", -7),
        ("08", "08"),
        ("1e5", "1e5"),
        ("0", 0),
        ("0.5", 0.5),
        ("72.10", 72.1),
        ('"72.10"', "72.10"),
    ],
)
def test_a_plain_word_is_a_word(write: Write, text: str, value: object) -> None:
    document, _ = reading(write(f"x: {text}"))
    assert document.root.plain() == {"x": value}


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("a: 1\na: 2", "main.yaml:2: a: given twice; first at main.yaml:1; keep one of them"),
        ("a: !!python/object:os.system x", "main.yaml:1: a: tags are not used here; quote a value that begins with !"),
        ("a: &x [*x]", "main.yaml:1: an alias (*) of something that is not defined before it"),
        ("? [a]\n: b", "main.yaml:1: a key must be a plain word"),
        ("a: 1\n---\nb: 2", "main.yaml:2: a second document begins here"),
        ("- a", "main.yaml:1: must be a mapping of sections, not a list"),
        ("a: [" + "[" * 100 + "]" * 101, "main.yaml:1: nested more than 32 levels deep"),
        (
            "a: 1\n\tb: 2",
            "main.yaml:2: not valid YAML: found a tab character that violates indentation; indent with spaces",
        ),
        ("a: [1", "main.yaml:2: not valid YAML: did not find expected ',' or ']'"),
        ("a: \x07", "main.yaml: not valid YAML: it holds a character that YAML does not allow"),
    ],
)
def test_yaml_that_is_refused(write: Write, text: str, fault: str) -> None:
    _, faults = reading(write(text))
    assert faults[0].startswith(fault)
    assert len(faults) == 1


def test_aliases_cannot_explode(write: Write) -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 9)]
    _, faults = reading(write("\n".join(lines)))
    assert faults == [
        f"main.yaml:6: more than {MAX_NODES} values, aliases (*) counted as often as they are used; split it"
    ]


def test_a_huge_file_is_refused_unread(write: Write) -> None:
    path = write("")
    os.truncate(path, MAX_BYTES + 1)
    assert reading(path)[1] == [f"main.yaml: is larger than {MAX_BYTES} bytes"]


def test_a_file_that_is_not_utf_8(write: Write) -> None:
    path = write("")
    path.write_bytes("name: Poso \xe9".encode("latin-1"))
    assert reading(path)[1] == ["main.yaml: is not UTF-8 text; save it as UTF-8"]


def test_an_empty_file_lacks_what_is_required(write: Write) -> None:
    with pytest.raises(Faulty) as refusal:
        load_configuration(write("# nothing yet\n"))
    assert [f.path for f in refusal.value.faults] == ["province", "store"]


def test_a_folder_or_pipe_is_no_configuration(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    assert check(tmp_path, Configuration)[1][0].endswith("is a folder")
    assert check(tmp_path / "pipe", Configuration)[1][0].endswith("is no file")
