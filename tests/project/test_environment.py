"""Settings from the environment: typed, documented, and clear about what is wrong."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from pydantic import ValidationError

from project.environment import BASE_DIR, Environment, example_file, load_environment, read_environment, sentence_for


def run_manage(*arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "manage.py", *arguments],
        cwd=BASE_DIR,
        env={**os.environ, "DJANGO_SETTINGS_MODULE": "project.settings", **variables},
        capture_output=True,
        text=True,
        timeout=180,
        check=False,
    )


@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        (
            "DATABASE_POOL_MAX_SIZE",
            "many",
            "Input should be a valid integer, unable to parse string as an integer",
        ),
        ("ENVIRONMENT", "prod", "Input should be 'development', 'test' or 'production'"),
        ("DATABASE_URL", "mysql://u:hidden@h/d", "it must start with postgres:// or postgresql://"),
        ("REDIS_URL", "http://u:hidden@h", "it must start with redis://, rediss:// or unix://"),
        ("RATE_LOGIN_ADDRESS", "5 per hour", "write it as number/seconds, as in 20/10"),
        ("SMS_PREFIXES", "+44,33", "write prefixes as +44, or !+4470 for one that is refused"),
        ("OPENID_CONNECT_PROVIDERS", "club", "write it as JSON"),
        (
            "OPENID_CONNECT_PROVIDERS",
            '[{"id": "google", "name": "Club", "server_url": "https://club.example", "client_id": "x"}]',
            "give each provider an id of its own, and none google, github or facebook",
        ),
        (
            "EXTERNAL_SERVICE_NETWORKS",
            "10.0.0.0/8,10.0.0.1/8",
            "write networks as 10.1.2.0/24 or fd00::/8, separated by commas",
        ),
        ("ACCESS_TOKEN_SECONDS", "900", "Input should be less than or equal to 300"),
    ],
)
def test_a_wrong_value_is_told_in_one_sentence(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], name: str, value: str, sentence: str
) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(SystemExit) as ended:
        load_environment()
    assert ended.value.code == 2
    assert capsys.readouterr() == ("", f"The setting {name} has a wrong value: {sentence}.\n")


def test_a_wrong_value_ends_the_process_with_that_sentence_alone() -> None:
    done = run_manage("check", DATABASE_URL="mysql://u:hidden@h/d")
    sentence = "The setting DATABASE_URL has a wrong value: it must start with postgres:// or postgresql://.\n"
    assert (done.returncode, done.stdout, done.stderr) == (2, "", sentence)


def test_values_that_contradict_each_other_are_named(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("DATABASE_POOL_MIN_SIZE", "9")
    monkeypatch.setenv("DATABASE_POOL_MAX_SIZE", "8")
    with pytest.raises(SystemExit) as ended:
        load_environment()
    assert ended.value.code == 2
    assert capsys.readouterr().err == (
        "The settings contradict each other: DATABASE_POOL_MIN_SIZE is larger than DATABASE_POOL_MAX_SIZE.\n"
    )


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({"MAIL_PROVIDER": "smtp"}, "MAIL_PROVIDER smtp needs SMTP_HOST"),
        ({"MAIL_PROVIDER": "ses"}, "MAIL_PROVIDER ses needs SES_REGION"),
        ({"MAIL_PROVIDER": "sendgrid"}, "MAIL_PROVIDER sendgrid needs SENDGRID_API_KEY"),
        (
            {"MAIL_PROVIDER": "smtp", "SMTP_HOST": "h", "SMTP_USERNAME": "u"},
            "MAIL_PROVIDER smtp needs SMTP_PASSWORD",
        ),
        (
            {"MAIL_PROVIDER": "ses", "SES_REGION": "r", "SES_SECRET_ACCESS_KEY": "hidden"},
            "MAIL_PROVIDER ses needs SES_ACCESS_KEY_ID",
        ),
        ({"SMS_PROVIDER": "twilio"}, "SMS_PROVIDER twilio needs TWILIO_ACCOUNT_SID and TWILIO_SECRET and TWILIO_FROM"),
        (
            {"SMS_PROVIDER": "twilio", "TWILIO_ACCOUNT_SID": "AC1", "TWILIO_FROM": "+14155550100"},
            "SMS_PROVIDER twilio needs TWILIO_SECRET",
        ),
        (
            {"EXTERNAL_ANSWER_SECONDS_MIN": "61", "EXTERNAL_ANSWER_SECONDS_MAX": "60"},
            "EXTERNAL_ANSWER_SECONDS_MIN is larger than EXTERNAL_ANSWER_SECONDS_MAX",
        ),
    ],
)
def test_half_given_credentials_and_wrong_bounds_are_refused_everywhere(
    monkeypatch: pytest.MonkeyPatch, given: dict[str, str], sentence: str
) -> None:
    for name, value in given.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(ValidationError) as refused:
        read_environment(None)
    assert sentence_for(refused.value) == f"The settings contradict each other: {sentence}."


@pytest.mark.parametrize(
    ("given", "there"),
    [
        ({}, True),
        ({"SMS_PROVIDER": "none"}, True),
        ({"SMS_PROVIDER": "none", "MAIL_PROVIDER": "smtp", "SMTP_HOST": "h"}, False),
        ({"ENVIRONMENT": "production"}, False),
    ],
)
def test_there_is_an_outbox_where_something_goes_to_it_and_never_in_production(
    monkeypatch: pytest.MonkeyPatch, given: dict[str, str], there: bool
) -> None:
    for name, value in given.items():
        monkeypatch.setenv(name, value)
    assert read_environment(None).has_outbox() is there


def test_lists_are_separated_by_commas(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ALLOWED_HOSTS", "a.example.org, b.example.org,")
    assert read_environment(None).allowed_hosts == ["a.example.org", "b.example.org"]


def test_rate_limits_are_named_as_clients_see_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RATE_MESSAGE_CREATE", "7/3")
    limit = read_environment(None).rate_limits()["message.create"]
    assert (limit.name, limit.quota, limit.seconds) == ("message.create", 7, 3)
    assert "sign_up.address" in read_environment(None).rate_limits()


def test_the_example_file_is_current_and_names_every_setting() -> None:
    call_command("export_env_example", check=True)
    named = re.findall(r"^#([A-Z_]+)=", example_file(), re.MULTILINE)
    assert named == [name.upper() for group in Environment.__bases__ for name in group.model_fields]  # type: ignore[attr-defined]


def test_every_setting_is_described() -> None:
    assert [name for name, field in Environment.model_fields.items() if not field.description] == []


def test_the_example_file_can_be_used_as_it_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in Environment.model_fields:
        monkeypatch.delenv(name.upper(), raising=False)
    file = tmp_path / ".env"
    file.write_text(re.sub(r"^#(?=[A-Z_]+=)", "", example_file(), flags=re.MULTILINE))
    assert read_environment(file) == read_environment(None)


def test_an_outdated_example_file_is_reported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("project.management.generated_files.BASE_DIR", tmp_path)
    with pytest.raises(CommandError) as caught:
        call_command("export_env_example", check=True)
    assert str(caught.value) == ".env.example is not current. Run: python manage.py export_env_example"
    call_command("export_env_example", verbosity=0)
    call_command("export_env_example", check=True)
