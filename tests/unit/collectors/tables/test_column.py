from hypothesis import given
from hypothesis import strategies as st

from collectors.tables.column import Column, Counter32, ObjectIdentifier, Text, index_of


@given(st.one_of(st.text(), st.binary()))
def test_text_is_printable_and_never_raises(raw: object) -> None:
    read = Text().read(raw)
    assert read is not None
    assert read == "" or read.isprintable()


def test_text_keeps_what_people_write() -> None:
    assert Text().read("Kantor Bupati – Poso".encode()) == "Kantor Bupati – Poso"
    assert Text().read(b"Cisco IOS\r\nVersion 15\x00\x00") == "Cisco IOS  Version 15"
    assert Text().read(17) is None


def test_an_object_identifier_is_dotted_numbers() -> None:
    assert ObjectIdentifier().read("1.3.6.1.4.1.14988.1") == "1.3.6.1.4.1.14988.1"
    for nonsense in ("", "router", b"1.3.6", 13, None, "1.٣"):
        assert ObjectIdentifier().read(nonsense) is None


@given(st.text())
def test_index_of_any_text_is_an_index_or_none(oid: str) -> None:
    assert index_of("1.3", oid) is None or 0 <= int(oid) < 2**31


def test_rows_of_a_column() -> None:
    column = Column("ifInOctets", "1.3.6.1.2.1.2.2.1.10", Counter32)
    assert index_of(column.oid, "1.3.6.1.2.1.2.2.1.10.7") == 7
    assert index_of(column.oid, "1.3.6.1.2.1.2.2.1.10.7.1") is None
    assert column.read({"ifInOctets": 5}) == 5
    assert column.read({}) is None
    assert index_of(column.oid, "1.3.6.1.2.1.2.2.1.11.7") is None
