"""What the administrator of a site would type on its VPN devices."""

from __future__ import annotations

from netlab.api.labs import Lab
from netlab.azure.state import given_keys
from netlab.errors import UsageError
from netlab.lab.build import keys
from netlab.plan.devices import shared_key_name
from netlab.plan.model import BgpProgram, IkeProgram
from netlab.plan.planner import plan
from netlab.render.devices import files
from netlab.results.devices import DeviceFile
from netlab.scenario.models import DeviceSoftware, Scenario
from netlab.scenario.names import suggest
from netlab.scenario.network import resolve


def device_config(
    where: Lab | Scenario, site: str, ipsec: IkeProgram | None, bgp: BgpProgram | None, *, with_secrets: bool
) -> list[DeviceFile]:
    """The files of every device of a site, with Azure's timers, for the programs of the scenario unless others are
    given; keys only if they are asked for."""
    scenario = where if isinstance(where, Scenario) else where.scenario
    sites = {name.lower(): found for name, found in resolve(scenario).sites.items()}
    if site.lower() not in sites:
        known = [found.name for found in sites.values()]
        raise UsageError(f"there is no site {site[:60]!r} in {scenario.name}", suggest(site, known))
    found = sites[site.lower()]
    planned = plan(_with(scenario, found.name, ipsec, bgp), "device", "kernel", 1)
    held = {name: f"<the key of {name.split(':')[1]}>" for name in planned.secrets if name.startswith("ipsec:")}
    if with_secrets:
        held |= keys.read(where.facts.lab) if isinstance(where, Lab) else _given(scenario)
    return [file for device in found.devices for file in files(planned, device.node, held)]


def _with(scenario: Scenario, site: str, ipsec: IkeProgram | None, bgp: BgpProgram | None) -> Scenario:
    """The scenario with other programs on the devices of a site."""
    before = scenario.sites[site]
    software = DeviceSoftware(ipsec=ipsec or before.software.ipsec, bgp=bgp or before.software.bgp)
    sites = scenario.sites | {site: before.model_copy(update={"software": software})}
    return scenario.model_copy(update={"sites": sites})


def _given(scenario: Scenario) -> dict[str, str]:
    """The keys that a file gives."""
    given = given_keys(scenario).items()
    return {shared_key_name(name, end): key.get_secret_value() for (name, end), key in given}
