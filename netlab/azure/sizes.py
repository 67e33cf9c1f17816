"""How big packets may be, in bytes with their IP header. Pure."""

from __future__ import annotations

# The MTU of an Azure VM's NIC, and of everything that is no tunnel.
ETHERNET_MTU = 1500
# R39: of an IPsec tunnel; and what its ends let TCP's ends announce to each other at most.
TUNNEL_MTU, TUNNEL_MSS = 1400, 1350
# The headers of IP and TCP, without options: what a maximum segment size (MSS) leaves out.
TCP_HEADERS = 40
