"""/metrics of a group of processes: a scrape of any of them shows the sum of all."""

from __future__ import annotations

import httpx
from prometheus_client.parser import text_string_to_metric_families

UNFOLLOWS = ("portcullis_commands_total", "topic.unfollow", "ok")


def scrape(gateway) -> dict[tuple[str, ...], float]:
    """Return the samples that one gateway shows."""
    text = httpx.get(f"{gateway.url}/metrics", trust_env=False, timeout=60).text
    samples = [sample for family in text_string_to_metric_families(text) for sample in family.samples]
    return {(sample.name, *sample.labels.values()): sample.value for sample in samples}


async def test_a_scrape_of_either_gateway_shows_what_both_have_done(servers, place):
    before = scrape(servers.gateways[0]).get(UNFOLLOWS, 0.0)
    one, other = await place.founder.connect(0), await place.founder.connect(1)
    for socket in (one, other, other):
        await socket.command("topic.unfollow", topic=place.topic)
    for gateway in servers.gateways:
        assert scrape(gateway)[UNFOLLOWS] == before + 3
        assert scrape(gateway)["portcullis_sockets",] >= 2
