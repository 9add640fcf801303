"""The list of stolen passwords: what is on it is always found, what is not hardly ever, and a broken file is no list."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.management import CommandError, call_command
from hypothesis import given
from hypothesis import strategies as st

from accounts.actions.users import create_user
from accounts.models import User
from accounts.processing.breached_passwords import BreachedPasswords, NotAFilter, digests, write_filter
from kernel.actor import SYSTEM
from kernel.errors import InvalidInput

STOLEN = [f"stolen password {number}" for number in range(2_000)]


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("lists") / "list.bin"
    write_filter(path, (text.encode() for text in STOLEN), passwords=len(STOLEN), false_positives=0.001)
    return path


def test_every_password_of_the_list_is_found(built):
    known = BreachedPasswords(built)
    assert [text for text in STOLEN if text not in known] == []


def test_the_rate_of_false_alarms_is_what_was_asked_for_and_its_size_is_known(built):
    known = BreachedPasswords(built)
    alarms = sum(f"a good password {number}" in known for number in range(20_000))
    assert alarms <= 40  # 20 are expected; the texts are fixed, and so is the number
    assert built.stat().st_size == 28 + (28_756 + 7) // 8


@given(st.lists(st.binary(min_size=1).filter(lambda line: b"\n" not in line and b"\r" not in line), max_size=30))
def test_hashes_and_passwords_give_the_same_digests(passwords):
    as_hashes = [hashlib.sha1(line).hexdigest().upper().encode() + b":12\r\n" for line in passwords]
    plain = [line + b"\n" for line in passwords]
    assert list(digests(as_hashes)) == list(digests(plain)) == [hashlib.sha1(line).digest() for line in passwords]


def test_empty_lines_are_nothing_and_the_smallest_list_is_one_too(tmp_path):
    assert list(digests([b"\n", b"", b"\r\n"])) == []
    write_filter(tmp_path / "empty", [], passwords=0, false_positives=0.001)
    assert "anything" not in BreachedPasswords(tmp_path / "empty")


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (lambda data: b"", "It is no list made by build_breached_passwords."),
        (lambda data: b"GIF89a" + data, "It is no list made by build_breached_passwords."),
        (lambda data: data[:8] + b"\x09" + data[9:], "It was made in version 9 of the format; this program reads 1."),
        (lambda data: data[:-1], "It is not whole. Make it again with build_breached_passwords."),
        (lambda data: data[:10] + b"\x00" + data[11:], "It is not whole. Make it again with build_breached_passwords."),
    ],
)
def test_a_file_that_is_none_is_refused(built, tmp_path, change, sentence):
    (tmp_path / "broken").write_bytes(change(built.read_bytes()))
    with pytest.raises(NotAFilter) as caught:
        BreachedPasswords(tmp_path / "broken")
    assert str(caught.value) == sentence


def test_the_command_makes_a_list_of_either_kind_and_says_how_large_it_is(tmp_path, capsys):
    (tmp_path / "list.txt").write_bytes(
        b"a stolen one\n" + hashlib.sha1(b"another one").hexdigest().encode() + b":7\r\n\n"
    )
    call_command("build_breached_passwords", tmp_path / "list.txt", to=tmp_path / "made" / "list.bin")
    known = BreachedPasswords(tmp_path / "made" / "list.bin")
    assert ("a stolen one" in known, "another one" in known, "a good one" in known) == (True, True, False)
    assert capsys.readouterr().out.startswith("2 passwords in ")
    assert [path.name for path in (tmp_path / "made").iterdir()] == ["list.bin"]


def test_the_command_says_what_is_wrong(tmp_path):
    with pytest.raises(CommandError, match="No such file"):
        call_command("build_breached_passwords", tmp_path / "nothing")
    (tmp_path / "list.txt").write_bytes(b"x\n")
    with pytest.raises(CommandError, match=r"Use a share above 0 and up to 0\.1\."):
        call_command("build_breached_passwords", tmp_path / "list.txt", false_positives=0.5)


def test_a_stolen_password_is_refused_in_one_sentence_and_in_capitals_too(built, settings):
    settings.BREACHED_PASSWORDS_FILE = str(built)
    for password in ("stolen password 7", "Stolen Password 7"):
        with pytest.raises(ValidationError) as caught:
            validate_password(password)
        assert caught.value.messages == ["This password is on a list of stolen passwords. Choose another one."]
    validate_password("correct horse battery")


def test_a_new_list_counts_without_a_restart(built, settings, tmp_path):
    settings.BREACHED_PASSWORDS_FILE = str(tmp_path / "list")
    write_filter(tmp_path / "list", [b"the first one"], passwords=1, false_positives=0.001)
    with pytest.raises(ValidationError):
        validate_password("the first one")
    (tmp_path / "list").write_bytes(built.read_bytes())
    validate_password("the first one")
    with pytest.raises(ValidationError):
        validate_password("stolen password 7")


@pytest.mark.django_db
def test_nobody_is_made_with_a_stolen_password(built, settings):
    settings.BREACHED_PASSWORDS_FILE = str(built)
    with pytest.raises(InvalidInput) as caught:
        create_user(SYSTEM, email="a@example.org", username="ada", password="stolen password 7")
    assert caught.value.data["field"] == "password"
    assert not User.objects.exists()


def test_without_a_list_nothing_is_stolen(settings):
    settings.BREACHED_PASSWORDS_FILE = ""
    validate_password("stolen password 7")
