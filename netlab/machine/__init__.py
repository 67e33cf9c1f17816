"""Everything that touches Linux except probes: netlink, namespaces, processes, nftables, charon, FRR."""
