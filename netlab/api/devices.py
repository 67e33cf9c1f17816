"""What the administrator of a site would type on its VPN devices."""

from __future__ import annotations

from netlab.api.labs import Lab
from netlab.azure.state import given_keys
from netlab.errors import UsageError
from netlab.lab.build import keys
from netlab.plan.devices import shared_key_name
from netlab.plan.model import BgpProgram
from netlab.plan.planner import plan
from netlab.render.devices import IpsecProgram, files
from netlab.results.devices import DeviceFile
from netlab.scenario.models import Scenario
from netlab.scenario.names import suggest
from netlab.scenario.network import resolve


def device_config(
    where: Lab | Scenario, site: str, ipsec: IpsecProgram, bgp: BgpProgram | None, *, with_secrets: bool
) -> list[DeviceFile]:
    """The files of every device of a site, with Azure's timers; keys only if they are asked for."""
    scenario = where if isinstance(where, Scenario) else where.scenario
    sites = {name.lower(): found for name, found in resolve(scenario).sites.items()}
    if site.lower() not in sites:
        known = [found.name for found in sites.values()]
        raise UsageError(f"there is no site {site[:60]!r} in {scenario.name}", suggest(site, known))
    planned = plan(scenario, "device", "kernel", 1)
    held = {name: f"<the key of {name.split(':')[1]}>" for name in planned.secrets if name.startswith("ipsec:")}
    if with_secrets:
        held |= keys.read(where.facts.lab) if isinstance(where, Lab) else _given(scenario)
    devices = sites[site.lower()].devices
    return [file for device in devices for file in files(planned, device.node, ipsec, bgp, held)]


def _given(scenario: Scenario) -> dict[str, str]:
    """The keys that a file gives."""
    given = given_keys(scenario).items()
    return {shared_key_name(name, end): key.get_secret_value() for (name, end), key in given}
