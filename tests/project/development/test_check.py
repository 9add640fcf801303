"""The tools behind `make check`: what passes, what fails, and what is merely said."""

from __future__ import annotations

import subprocess

import pytest

from project.development import audit, check
from project.development.check import Check, Result


def package(name, *vulnerabilities):
    return {"name": name, "version": "1.0", "vulns": list(vulnerabilities)}


def test_a_known_vulnerability_fails_and_is_named(capsys):
    found = {"id": "GHSA-1", "fix_versions": ["1.1", "2.0"]}
    assert audit.verdict([package("fine"), package("broken", found)]) == 1
    assert capsys.readouterr().out == "broken 1.0: GHSA-1, fixed in 1.1, 2.0\n"


def test_nothing_known_passes_in_silence(capsys):
    assert audit.verdict([package("fine")]) == 0
    assert capsys.readouterr().out.strip() == ""


def test_what_the_service_does_not_know_is_counted(capsys):
    assert audit.verdict([package("fine"), {"name": "own", "skip_reason": "not found"}]) == 0
    assert capsys.readouterr().out == "1 of 2 packages are unknown to the service.\n"


def test_a_service_that_knows_nothing_did_not_audit(capsys):
    assert audit.verdict([{"name": "own", "skip_reason": "not found"}]) == 0
    assert capsys.readouterr().out == (
        "Nothing was audited: the vulnerability service could not be asked (it knows none of the packages).\n"
    )


def test_a_service_that_cannot_be_reached_is_one_sentence_and_no_failure(monkeypatch, capsys):
    broken = "Traceback ...\nrequests.exceptions.ConnectionError: HTTPSConnectionPool(host='x'): Max retries\n"
    monkeypatch.setattr(
        subprocess, "run", lambda *_, **__: subprocess.CompletedProcess([], 1, stdout="", stderr=broken)
    )
    assert audit.main() == 0
    assert capsys.readouterr().out == (
        "Nothing was audited: the vulnerability service could not be asked (ConnectionError).\n"
    )


def test_a_service_that_does_not_answer_is_one_sentence_and_no_failure(monkeypatch, capsys):
    def hang(*_, timeout, **__):
        raise subprocess.TimeoutExpired("pip-audit", timeout)

    monkeypatch.setattr(subprocess, "run", hang)
    assert audit.main() == 0
    assert capsys.readouterr().out.startswith("Nothing was audited: ")


def test_what_fails_is_shown_with_its_output_and_named_at_the_end(monkeypatch, capsys):
    checks = (
        Check("good", ("-c", "print('not shown')")),
        Check("bad", ("-c", "print('the reason'); raise SystemExit(1)")),
    )
    monkeypatch.setattr(check, "CHECKS", checks)
    assert check.main([]) == 1
    out = capsys.readouterr().out
    assert "not shown" not in out
    assert "FAILED bad" in out
    assert "    the reason" in out
    assert out.endswith("\nFailed: bad.\n")


def test_checks_can_be_chosen_by_name(monkeypatch, capsys):
    monkeypatch.setattr(check, "CHECKS", (Check("one", ("-c", "")), Check("two", ("-c", "raise SystemExit(1)"))))
    assert check.main(["one"]) == 0
    assert "two" not in capsys.readouterr().out


def test_a_check_that_passes_with_something_to_say_says_it(capsys):
    check.report([Result(Check("known vulnerabilities", ()), True, 1.0, "nothing was audited")])
    assert "    nothing was audited" in capsys.readouterr().out


def test_every_package_of_the_product_is_type_checked_and_tests_are_not():
    found = check.packages()
    assert {"project", "kernel", "eventlog", "gateway", "accounts", "communities", "chat"} <= set(found)
    assert "tests" not in found


@pytest.mark.parametrize("name", ["base", "embedded", "development"])
def test_requirements_are_pinned_with_hashes_and_name_no_index(name):
    text = (check.ROOT / "requirements" / f"{name}.txt").read_text()
    pins = [line for line in text.splitlines() if line and not line.startswith((" ", "#"))]
    assert pins
    assert all("==" in pin and pin.endswith("\\") for pin in pins)
    assert text.count("--hash=sha256:") >= len(pins)
    assert not any(word in text for word in ("index-url", "find-links", "trusted-host", "://"))
