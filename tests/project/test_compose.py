"""compose.yaml: valid, without default secrets, and with what a service in production needs."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

import jsonschema
import pytest
import yaml

from project.environment import MailSettings, SmsSettings

ROOT = Path(__file__).resolve().parents[2]
FILE = ROOT / "compose.yaml"
SECRETS = ("SECRET_KEY", "POSTGRES_PASSWORD", "REDIS_PASSWORD")
OPTIONAL = {"GATEWAYS", "VERSION", "BUILD_COMMIT", "METRICS_TOKEN", "SMS_PREFIXES"}
PROVIDERS = re.compile("MAIL_PROVIDER|SMS_PROVIDER|(SMTP|SES|SENDGRID|TWILIO)_[A-Z_]+")
SETTINGS = {"SITE_HOST": "chat.example.org", "MAIL_FROM": "chat@example.org", **dict.fromkeys(SECRETS, "a" * 64)}

DURATION = {"type": "string", "pattern": r"^\d+(s|m)$"}
LIST_OF_TEXT = {"type": "array", "items": {"type": "string"}}
SCHEMA = {  # of the parts of the Compose specification that we use: a name that is not here is a slip
    "type": "object",
    "additionalProperties": False,
    "patternProperties": {"^x-": {}},
    "required": ["name", "services", "networks", "volumes"],
    "properties": {
        "name": {"const": "portcullis"},
        "networks": {"type": "object"},
        "volumes": {"type": "object"},
        "services": {
            "type": "object",
            "additionalProperties": {
                "type": "object",
                "additionalProperties": False,
                "required": ["image", "healthcheck", "restart", "networks", "logging", "read_only", "security_opt"],
                "properties": {
                    "image": {"type": "string"},
                    "build": {
                        "type": "object",
                        "additionalProperties": False,
                        "properties": {"context": {"type": "string"}, "dockerfile": {"type": "string"}, "args": {"type": "object"}},
                    },
                    "command": LIST_OF_TEXT,
                    "environment": {"type": "object", "additionalProperties": {"type": "string"}},
                    "ports": LIST_OF_TEXT,
                    "volumes": LIST_OF_TEXT,
                    "networks": LIST_OF_TEXT,
                    "depends_on": {
                        "type": "object",
                        "additionalProperties": {
                            "type": "object",
                            "additionalProperties": False,
                            "required": ["condition"],
                            "properties": {"condition": {"enum": ["service_healthy", "service_completed_successfully"]}},
                        },
                    },
                    "healthcheck": {
                        "type": "object",
                        "additionalProperties": False,
                        "properties": {
                            "test": LIST_OF_TEXT,
                            "disable": {"const": True},
                            "retries": {"type": "integer"},
                            **dict.fromkeys(("interval", "timeout", "start_period"), DURATION),
                        },
                    },
                    "restart": {"enum": ["no", "unless-stopped"]},
                    "stop_grace_period": DURATION,
                    "deploy": {"type": "object"},
                    "shm_size": {"type": "string"},
                    "init": {"const": True},
                    "read_only": {"const": True},
                    "tmpfs": LIST_OF_TEXT,
                    "cap_drop": {"const": ["ALL"]},
                    "cap_add": {"const": ["NET_BIND_SERVICE"]},
                    "security_opt": {"const": ["no-new-privileges:true"]},
                    "logging": {
                        "type": "object",
                        "required": ["driver", "options"],
                        "properties": {"options": {"required": ["max-size", "max-file"]}},
                    },
                },
            },
        },
    },
}  # fmt: skip


@pytest.fixture
def text():
    return FILE.read_text()


@pytest.fixture
def compose(text):
    return yaml.safe_load(text)


@pytest.fixture
def services(compose):
    return compose["services"]


def has_compose_client():
    return (
        shutil.which("docker") is not None
        and subprocess.run(["docker", "compose", "version"], capture_output=True).returncode == 0
    )


def test_it_matches_the_schema_of_what_we_use(compose):
    jsonschema.Draft202012Validator(SCHEMA).validate(compose)


@pytest.mark.skipif(
    not has_compose_client(), reason="no docker client with compose; the schema above is checked everywhere"
)
def test_a_docker_client_accepts_it_and_refuses_it_without_its_secrets():
    environment = {name: value for name, value in os.environ.items() if name not in SETTINGS}
    command = ["docker", "compose", "--env-file", os.devnull, "--file", str(FILE), "config", "--quiet"]
    accepted = subprocess.run(command, capture_output=True, text=True, env=environment | SETTINGS)
    assert (accepted.returncode, accepted.stderr) == (0, "")
    for missing in SETTINGS:
        given = {name: value for name, value in SETTINGS.items() if name != missing}
        refused = subprocess.run(command, capture_output=True, text=True, env=environment | given)
        assert refused.returncode != 0
        assert f"set {missing}" in refused.stderr


def test_it_has_the_services_that_production_needs(services):
    assert set(services) == {"database", "redis", "migrate", "app", "worker", "proxy"}
    assert services["migrate"]["command"] == ["python", "manage.py", "prepare_database"]
    assert services["worker"]["command"] == ["python", "manage.py", "run_worker"]


def test_secrets_have_no_default_and_are_required_wherever_they_are_used(text):
    used = re.findall(r"\$\{([A-Z_]+)([^}]*)\}", text)
    assert {name for name, _ in used if not PROVIDERS.fullmatch(name)} == {*SETTINGS, *OPTIONAL}
    for name, rest in used:
        assert rest.startswith(":?set " if name in SETTINGS else ":-")


def test_every_setting_of_mail_and_sms_reaches_the_processes_but_time_outs(services):
    names = {name.upper() for group in (MailSettings, SmsSettings) for name in group.model_fields}
    assert names - set(services["worker"]["environment"]) == {"MAIL_TIMEOUT", "SMS_TIMEOUT"}


def test_images_are_official_and_name_a_version(services):
    images = {name: service["image"] for name, service in services.items() if "build" not in service}
    assert set(images) == {"database", "redis", "proxy"}
    for image in images.values():
        assert re.fullmatch(r"(postgres|valkey/valkey|caddy):\d+(\.\d+)?", image)


def test_every_service_that_stays_up_has_a_health_check_and_is_restarted(services):
    once = {name for name, service in services.items() if service["restart"] == "no"}
    assert once == {"migrate"}
    for name, service in services.items():
        assert ("test" in service["healthcheck"]) == (name not in once)


def test_only_the_proxy_is_reachable_from_outside_and_the_stores_are_on_an_inner_network(compose, services):
    assert {name for name, service in services.items() if "ports" in service} == {"proxy"}
    assert compose["networks"]["inside"] == {"internal": True}
    assert services["database"]["networks"] == services["redis"]["networks"] == ["inside"]
    assert services["proxy"]["networks"] == ["outside"]


def test_our_own_code_runs_without_capabilities_and_what_it_waits_for_is_healthy(services):
    for name in ("migrate", "app", "worker"):
        assert services[name]["cap_drop"] == ["ALL"]
        assert services[name]["environment"]["ENVIRONMENT"] == "production"
    for name in ("app", "worker"):
        assert services[name]["depends_on"]["migrate"]["condition"] == "service_completed_successfully"


def test_data_and_certificates_are_on_named_volumes(compose, services):
    mounted = {volume.split(":")[0] for service in services.values() for volume in service.get("volumes", [])}
    assert mounted == {*compose["volumes"], "./project/deployment/Caddyfile"}
    assert "database:/var/lib/postgresql" in services["database"]["volumes"]  # from PostgreSQL 18 on, not .../data


def test_the_files_that_it_names_exist_and_the_image_installs_only_pinned_packages(services):
    dockerfile = ROOT / services["app"]["build"]["dockerfile"]
    assert "--require-hashes" in dockerfile.read_text()
    assert "requirements/base.txt" in dockerfile.read_text()
    assert "\nUSER 10001\n" in dockerfile.read_text()
    assert "reverse_proxy app:8000" in (ROOT / "project" / "deployment" / "Caddyfile").read_text()
    assert {".env", ".git", ".venv", "var"} <= set((ROOT / ".dockerignore").read_text().split())
