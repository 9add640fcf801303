"""What phones are told of our mobile apps, and that a site without apps tells nothing."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from project.environment import Environment

ANDROID, APPLE = "/.well-known/assetlinks.json", "/.well-known/apple-app-site-association"
ONE, OTHER = ":".join(["AB"] * 32), ":".join(["0f"] * 32)


def test_without_apps_there_is_nothing(client):
    for address in (ANDROID, APPLE):
        assert client.get(address).status_code == 404


def test_android_apps_are_named_with_their_certificates(client, settings):
    settings.ANDROID_APPS = [f"org.example.chat={ONE}", f"org.example.chat={OTHER}", f"org.example.tv={ONE}"]
    answer = client.get(ANDROID)
    assert (answer.status_code, answer.headers["Content-Type"]) == (200, "application/json")
    assert answer.headers["Cache-Control"] == "public, max-age=3600"
    assert [one["target"] for one in answer.json()] == [
        {
            "namespace": "android_app",
            "package_name": "org.example.chat",
            "sha256_cert_fingerprints": [ONE, OTHER.upper()],
        },
        {"namespace": "android_app", "package_name": "org.example.tv", "sha256_cert_fingerprints": [ONE]},
    ]
    assert {relation for one in answer.json() for relation in one["relation"]} == {
        "delegate_permission/common.handle_all_urls",
        "delegate_permission/common.get_login_creds",
    }


def test_apple_apps_get_passkeys_and_the_links_of_mails(client, settings):
    settings.APPLE_APPS = ["ABCDE12345.org.example.chat"]
    answer = client.get(APPLE)
    assert (answer.status_code, answer.headers["Content-Type"]) == (200, "application/json")
    assert answer.json() == {
        "webcredentials": {"apps": ["ABCDE12345.org.example.chat"]},
        "applinks": {
            "details": [
                {
                    "appIDs": ["ABCDE12345.org.example.chat"],
                    "components": [{"/": "/", "#": "/*", "comment": "links in mails"}],
                }
            ]
        },
    }


@pytest.mark.parametrize("address", [ANDROID, APPLE])
def test_nothing_is_written_there(client, settings, address):
    settings.ANDROID_APPS, settings.APPLE_APPS = [f"org.example.chat={ONE}"], ["ABCDE12345.org.example.chat"]
    assert client.post(address).status_code == 405


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("android_apps", "org.example.chat"),
        ("android_apps", f"chat={ONE}"),
        ("android_apps", f"org.example.chat={ONE}:AB"),
        ("android_apps", "org.example.chat=XY"),
        ("apple_apps", "org.example.chat"),
        ("apple_apps", "abcde12345.org.example.chat"),
    ],
)
def test_a_name_that_no_phone_would_understand_is_refused_at_the_start(name, value):
    with pytest.raises(ValidationError, match=name.partition("_")[0]):
        Environment(_env_file=None, **{name: value})


def test_apps_are_separated_by_commas():
    given = Environment(_env_file=None, android_apps=f"org.example.chat={ONE}, org.example.tv={OTHER}")
    assert given.android_apps == [f"org.example.chat={ONE}", f"org.example.tv={OTHER}"]
