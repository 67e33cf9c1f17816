"""Load balancers."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from datetime import date
from ipaddress import IPv4Address
from itertools import product

from netlab.results.protocols import PORT
from netlab.scenario.addresses import frontend_addresses
from netlab.scenario.days import by_day, day_of
from netlab.scenario.models import LoadBalancer, Scenario, VirtualNetwork
from netlab.scenario.rules.breach import Breach, Breaches, Path, unknown
from netlab.scenario.rules.subjects import in_reach, load_balancers, subnets

# L19.
BASIC_HAS_ENDED = date(2025, 9, 30)
# LBPR23: ports that HTTP probes do not use.
NO_HTTP_PORTS = (19, 21, 25, 70, 110, 119, 143, 220, 993)


def load_balancers_name_their_parts(scenario: Scenario) -> Breaches:
    """A frontend names a subnet of the VNet, a pool its machines, a rule parts of its load balancer."""
    for path, vnet, item in load_balancers(scenario):
        for name, frontend in item.frontend_ip_configurations.items():
            where: Path = (*path, "frontend_ip_configurations", name, "subnet")
            if frontend.subnet is not None:
                yield from unknown(where, frontend.subnet, vnet.subnets, "subnet")
        for name, rule in item.load_balancing_rules.items():
            where = (*path, "load_balancing_rules", name)
            parts = (
                ("frontend_ip_configuration", rule.frontend_ip_configuration, item.frontend_ip_configurations),
                ("backend_address_pool", rule.backend_address_pool, item.backend_address_pools),
                ("probe", rule.probe, item.probes),
            )
            for key, named, known in parts:
                if named is not None:
                    yield from unknown((*where, key), named, known, key.replace("_", " "))
        yield from _named_by_outbound_rules(path, item)


def _named_by_outbound_rules(path: Path, item: LoadBalancer) -> Breaches:
    for name, rule in item.outbound_rules.items():
        where: Path = (*path, "outbound_rules", name)
        known = item.backend_address_pools
        yield from unknown((*where, "backend_address_pool"), rule.backend_address_pool, known, "backend address pool")
        for place, frontend in enumerate(rule.frontend_ip_configurations):
            here = (*where, "frontend_ip_configurations", place)
            yield from unknown(here, frontend, item.frontend_ip_configurations, "frontend ip configuration")


def l20_members_are_of_one_vnet(scenario: Scenario) -> Breaches:
    """L20: the members of a pool are machines of the load balancer's VNet, each once."""
    for path, vnet, item in load_balancers(scenario):
        for name, pool in item.backend_address_pools.items():
            for place, member in enumerate(pool):
                where = (*path, "backend_address_pools", name, place)
                elsewhere = [key for key, other in scenario.vnets.items() if member in other.vms]
                if member not in vnet.vms and elsewhere:
                    what = f"`{member}` is in `{elsewhere[0]}`; all members of a pool are in the VNet of its frontends"
                    yield Breach(where, f"{what}: name machines of `{path[1]}`")
                elif member not in vnet.vms:
                    yield from unknown(where, member, vnet.vms, "virtual machine")
                elif member in pool[:place]:
                    yield Breach(where, f"`{member}` is a member already; leave it out")


def l19_basic_is_retired(scenario: Scenario) -> Breaches:
    """L19: a Basic load balancer cannot be there since 2025-09-30."""
    for path, _, item in load_balancers(scenario):
        if item.sku == "Basic" and day_of(scenario) >= BASIC_HAS_ENDED:
            what = f"Basic load balancers were retired on {BASIC_HAS_ENDED} {by_day(scenario)}; use Standard"
            yield Breach((*path, "sku"), what)


def l3_ha_ports_are_standard(scenario: Scenario) -> Breaches:
    """L3: only a Standard load balancer has HA ports."""
    for path, _, item in load_balancers(scenario):
        for name, rule in item.load_balancing_rules.items():
            if rule.is_for_all_ports and item.sku == "Basic":
                where = (*path, "load_balancing_rules", name, "protocol")
                yield Breach(where, "a Basic load balancer has no HA ports (protocol All); use Standard")


def l3_ha_ports_are_internal(scenario: Scenario) -> Breaches:
    """L3: only an internal load balancer has HA ports."""
    for path, _, item in load_balancers(scenario):
        public = _public(item)
        for name, rule in item.load_balancing_rules.items():
            if rule.is_for_all_ports and rule.frontend_ip_configuration in public:
                where = (*path, "load_balancing_rules", name, "protocol")
                yield Breach(where, "a public frontend has no HA ports (protocol All); write a rule for each port")


def load_balancers_are_internal_or_public(scenario: Scenario) -> Breaches:
    """All frontends of a load balancer are internal, or all are public."""
    for path, _, item in load_balancers(scenario):
        for name in sorted(_public(item)):
            if len(_public(item)) < len(item.frontend_ip_configurations):
                what = "this frontend is public, and others of its load balancer are internal"
                yield Breach((*path, "frontend_ip_configurations", name), f"{what}; use a load balancer for each kind")


def l24_outbound_rules_are_of_public_frontends(scenario: Scenario) -> Breaches:
    """L24: an outbound rule is for public frontends."""
    for path, _, item in load_balancers(scenario):
        for name, outbound in item.outbound_rules.items():
            for place, frontend in enumerate(outbound.frontend_ip_configurations):
                where: Path = (*path, "outbound_rules", name, "frontend_ip_configurations", place)
                if frontend in item.frontend_ip_configurations and frontend not in _public(item):
                    what = f"`{frontend}` is internal, and has no address in the Internet; name a public one"
                    yield Breach(where, what)


def l24_frontends_of_outbound_rules_are_used_once(scenario: Scenario) -> Breaches:
    """L24: a frontend of an outbound rule has no other one for its protocol, and no rule without
    disable_outbound_snat."""
    for path, _, item in load_balancers(scenario):
        users: dict[tuple[str, str], str] = {}
        for name, outbound in item.outbound_rules.items():
            for frontend, protocol in product(outbound.frontend_ip_configurations, outbound.protocols):
                first = users.setdefault((frontend, protocol), name)
                if first != name:
                    what = f"outbound rule `{first}` has `{frontend}` for {protocol.upper()} already; use another"
                    code = "MoreThanOneOutboundRuleUsingSameFrontendIPConfigurationAndProtocolIsNotSupported"
                    yield Breach((*path, "outbound_rules", name), f"{what} ({code})")
                    break
        for name, rule in item.load_balancing_rules.items():
            found = (users[key] for key in users if key[0] == rule.frontend_ip_configuration)
            user = next(found, None)
            if user is not None and rule.gives_address:
                what = f"outbound rule `{user}` has its frontend; write disable_outbound_snat: true"
                code = "LoadBalancingRuleMustDisableSNATSinceSameFrontendIPConfigurationIsReferencedByOutboundRule"
                yield Breach((*path, "load_balancing_rules", name), f"{what} ({code})")


def balanced_out(vnet: VirtualNetwork) -> frozenset[str]:
    """The machines of a VNet that a public load balancer gives an address for the Internet (L24)."""
    found: set[str] = set()
    for item in vnet.load_balancers.values():
        public, rules = _public(item), item.load_balancing_rules.values()
        pools = {r.backend_address_pool for r in item.outbound_rules.values()}
        pools |= {r.backend_address_pool for r in rules if r.frontend_ip_configuration in public and r.gives_address}
        found.update(name for pool in pools for name in item.backend_address_pools.get(pool, ()))
    return frozenset(found)


def _public(item: LoadBalancer) -> frozenset[str]:
    frontends = item.frontend_ip_configurations.items()
    return frozenset(name for name, frontend in frontends if frontend.public_ip_address is not None)


def l4_ha_ports_stand_alone(scenario: Scenario) -> Breaches:
    """L4: a frontend has one rule of HA ports; a pool with one has no rule for a port."""
    for path, _, item in load_balancers(scenario):
        first: dict[str, str] = {}
        by_pool: dict[str, list[bool]] = defaultdict(list)
        for rule in item.load_balancing_rules.values():
            by_pool[rule.backend_address_pool].append(rule.is_for_all_ports)
        for name, rule in item.load_balancing_rules.items():
            where: Path = (*path, "load_balancing_rules", name)
            if not rule.is_for_all_ports:
                continue
            other = first.setdefault(rule.frontend_ip_configuration, name)
            if other != name:
                frontend = rule.frontend_ip_configuration
                yield Breach(where, f"frontend `{frontend}` has the rule `{other}` of HA ports already; leave one out")
            if not all(by_pool[rule.backend_address_pool]):
                pool = rule.backend_address_pool
                yield Breach(where, f"pool `{pool}` has rules of HA ports and for ports; give these another pool")


def l1_rules_are_for_different_ports(scenario: Scenario) -> Breaches:
    """L1: a frontend has one rule for a protocol and a port."""
    for path, _, item in load_balancers(scenario):
        first: dict[tuple[str, str, int], str] = {}
        for name, rule in item.load_balancing_rules.items():
            key = rule.frontend_ip_configuration, rule.protocol, rule.frontend_port
            other = first.setdefault(key, name)
            if other != name and not rule.is_for_all_ports:
                what = f"rule `{other}` is for {rule.protocol} {rule.frontend_port} of the frontend already"
                yield Breach((*path, "load_balancing_rules", name), f"{what}; leave one of them out")


def internal_frontends_lead_to_the_same_members(scenario: Scenario) -> Breaches:
    """All rules of an internal frontend lead to the same members: a limit of netlab, Azure has none."""
    for path, _, item in load_balancers(scenario):
        first: dict[str, str] = {}
        rules, pools = item.load_balancing_rules, item.backend_address_pools
        for name, rule in rules.items():
            frontend = rule.frontend_ip_configuration
            other = first.setdefault(frontend, name)
            both = {rule.backend_address_pool, rules[other].backend_address_pool} & pools.keys()
            if frontend not in _public(item) and len({frozenset(pools[pool]) for pool in both}) > 1:
                what = f"rule `{other}` of `{frontend}` leads to other members; Azure has it, netlab does not model it"
                yield Breach((*path, "load_balancing_rules", name), f"{what}: give this rule another frontend")


def rules_of_a_frontend_have_one_probe(scenario: Scenario) -> Breaches:
    """All rules of an internal frontend have the same probe: a limit of netlab, Azure has none."""
    for path, _, item in load_balancers(scenario):
        deciding: dict[str, str] = {}
        rules = item.load_balancing_rules
        for name, rule in rules.items():
            first = deciding.setdefault(rule.frontend_ip_configuration, name)
            if rules[first].backend_address_pool == rule.backend_address_pool:
                deciding[rule.frontend_ip_configuration] = name
        for name, rule in rules.items():
            other = deciding[rule.frontend_ip_configuration]
            if rule.frontend_ip_configuration not in _public(item) and rule.probe != rules[other].probe:
                what = f"in netlab the probe of rule `{other}` takes members out of this one, too; Azure asks by rule"
                yield Breach((*path, "load_balancing_rules", name), what, "warning")


def probes_leave_the_labs_port(scenario: Scenario) -> Breaches:
    """A health probe does not ask the port of the lab's own probes: a limit of netlab, Azure has none."""
    for path, _, item in load_balancers(scenario):
        for name, probe in item.probes.items():
            if probe.port == PORT:
                what = f"machines of a lab answer the lab's own probes at port {PORT}; take another port"
                yield Breach((*path, "probes", name, "port"), what)


def l9_probes_fit_their_protocol(scenario: Scenario) -> Breaches:
    """L9: an HTTP probe has a path and a port that browsers use; a TCP probe has no path."""
    for path, _, item in load_balancers(scenario):
        for name, probe in item.probes.items():
            where = (*path, "probes", name)
            if probe.protocol == "Tcp" and probe.request_path:
                yield Breach((*where, "request_path"), "a Tcp probe has no request_path; leave it out")
            elif probe.protocol != "Tcp" and not probe.request_path:
                yield Breach(where, f"a probe of {probe.protocol} needs a request_path; write request_path: /")
            if probe.protocol != "Tcp" and probe.port in NO_HTTP_PORTS:
                yield Breach((*where, "port"), f"a probe of {probe.protocol} does not use port {probe.port}")


def l10_rules_have_a_probe(scenario: Scenario) -> Breaches:
    """L10: without a probe no member is ever taken out. Azure accepts it."""
    for path, _, item in load_balancers(scenario):
        for name, rule in item.load_balancing_rules.items():
            if rule.probe is None:
                what = "without a probe, flows go to members that are down, too; write probe"
                yield Breach((*path, "load_balancing_rules", name), what, "warning")


def l6_frontends_as_next_hop_have_ha_ports(scenario: Scenario) -> Breaches:
    """L6: a frontend that is the next hop of a route has HA ports, and members that forward."""
    for hop, vnet, balancer, frontend in _next_hops(scenario):
        item = scenario.vnets[vnet].load_balancers[balancer]
        rules = [r for r in item.load_balancing_rules.values() if r.frontend_ip_configuration == frontend]
        through = next((rule for rule in rules if rule.is_for_all_ports), None)
        if through is None:
            what = f"frontend `{frontend}` of `{balancer}` has no rule of HA ports, which a next hop needs"
            yield Breach(hop, f"{what}; add one: protocol: All, frontend_port: 0, backend_port: 0", "warning")
            continue
        for member in item.backend_address_pools.get(through.backend_address_pool, ()):
            vm = scenario.vnets[vnet].vms.get(member)
            if vm is not None and not vm.primary.enable_ip_forwarding:
                what = f"the NIC of member `{member}` drops packets for other addresses"
                yield Breach(hop, f"{what}; write enable_ip_forwarding: true there", "warning")


def l16_members_do_not_lead_back(scenario: Scenario) -> Breaches:
    """L16: the subnet of members has no route to their own frontend: what they forward would come back."""
    for path, name, key, subnet in subnets(scenario):
        table = scenario.route_tables.get(subnet.route_table or "")
        own = {
            address: (balancer, frontend)
            for (balancer, frontend), address in frontend_addresses(scenario.vnets[name]).items()
        }
        for route, item in table.routes.items() if table is not None else ():
            for balancer, frontend in (own[address] for address in item.next_hops if address in own):
                vms, pool = scenario.vnets[name].vms, _members(scenario.vnets[name].load_balancers[balancer], frontend)
                here = [member for member in pool if member in vms and vms[member].primary.subnet == key]
                if here:
                    what = f"route `{route}` of `{subnet.route_table}` leads to frontend `{frontend}`, whose member"
                    right = "what it forwards comes back; give the members a subnet without this route"
                    yield Breach((*path, "route_table"), f"{what} `{here[0]}` is in this subnet: {right}", "warning")


def is_frontend(scenario: Scenario, vnet: str, address: IPv4Address) -> bool:
    """Whether a frontend of a VNet or of a peer has an address."""
    return any(address in frontend_addresses(item).values() for _, item in in_reach(scenario, vnet))


def _members(item: LoadBalancer, frontend: str) -> Iterator[str]:
    for rule in item.load_balancing_rules.values():
        if rule.frontend_ip_configuration == frontend:
            yield from item.backend_address_pools.get(rule.backend_address_pool, ())


def _next_hops(scenario: Scenario) -> Iterator[tuple[Path, str, str, str]]:
    """Each next hop that is a frontend: its place, and the VNet, the load balancer and the name of the frontend."""
    found: dict[tuple[Path, str, str, str], None] = {}
    for _, name, _, subnet in subnets(scenario):
        table = scenario.route_tables.get(subnet.route_table or "")
        for route, item in table.routes.items() if table is not None else ():
            hop: Path = ("route_tables", str(subnet.route_table), "routes", route)
            for vnet, spec in in_reach(scenario, name):
                for (balancer, frontend), address in frontend_addresses(spec).items():
                    if address in item.next_hops:
                        found[hop, vnet, balancer, frontend] = None
    return iter(found)
