"""Three tests of a network: `pytest` asks the model, `sudo pytest --netlab=packets` sends packets through a lab."""

from netlab.testing import Drop, NetlabLab


def test_the_branch_reaches_the_hub_and_its_spoke(netlab_lab: NetlabLab) -> None:
    lab = netlab_lab("net.yaml")
    lab.reaches("desk", "app", via="Branch", protocol="tcp")
    lab.reaches("Spoke", "Branch")
    lab.reaches("desk", "web")


def test_a_spoke_without_gateway_transit_does_not(netlab_lab: NetlabLab) -> None:
    lab = netlab_lab("net.yaml")
    lab.drops("batch", "desk", at="Lonely", because=Drop.NONE_ROUTE)


def test_the_branch_survives_the_loss_of_an_instance(netlab_lab: NetlabLab) -> None:
    lab = netlab_lab("net.yaml")
    with lab.fault("gateway", vnet="Hub", instance=0) as outage:
        lab.reaches("desk", "app", via=["Branch", "Hub-gw-1"])
        # Only packets measure it: without them pytest skips what follows.
        assert outage.azure_seconds < 180
