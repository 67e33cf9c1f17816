"""The commands that collect the description of a whole subscription."""

from netlab.imports.subscription import MOST_ROWS, QUERY

COMMANDS = f"""\
# The commands read only. They need the role Reader on the subscription; nothing is changed, and no key is read.
# --- One command, with the extension resource-graph (az extension add --name resource-graph) -----------------------
az graph query --first {MOST_ROWS} -o json -q "{QUERY}" > graph.json
netlab import graph.json -o network.yaml
# The same in one command, with the packages of netlab-azure[azure] and after `az login`:
#   netlab import --subscription ID -o network.yaml

# More than 1000 rows: repeat the command with the token of the answer, and import all files.
#   az graph query ... --skip-token "$(jq -r .skip_token graph.json)" > graph-2.json
# Several subscriptions: add --management-group NAME, or --subscriptions A B.

# --- Without an extension: one file each, and the directory is imported --------------------------------------------
d=dump; mkdir -p $d
az network vnet list -o json > $d/vnets.json
az network nic list -o json > $d/nics.json
az network route-table list -o json > $d/route-tables.json
az network nsg list -o json > $d/nsgs.json
az network public-ip list -o json > $d/public-ips.json
az network express-route list -o json > $d/circuits.json
az network route-filter list -o json > $d/route-filters.json
az network lb list -o json > $d/lbs.json
az network routeserver list -o json > $d/route-servers.json
az network firewall list -o json > $d/firewalls.json          # extension azure-firewall
az network firewall policy list -o json > $d/policies.json    # the same
az network nat gateway list -o json > $d/nat-gateways.json
az vm list -o json > $d/vms.json                              # only for names
# These three want a resource group: repeat them for each group.
az network local-gateway list -g RG -o json > $d/lngs-RG.json
az network vnet-gateway list -g RG -o json > $d/gateways-RG.json
az network vpn-connection list -g RG -o json > $d/connections-RG.json
# This one for each policy of Azure Firewalls.
az network firewall policy rule-collection-group list -g RG --policy-name NAME -o json > $d/rules-NAME.json
# And this one for each Route Server.
az network routeserver peering list -g RG --routeserver NAME -o json > $d/rs-peerings-NAME.json
netlab import $d -o network.yaml

# --- Templates and Terraform ---------------------------------------------------------------------------------------
bicep build main.bicep                                        # then: netlab import main.json
az group export -g RG --skip-all-params > template.json
terraform show -json > state.json
terraform plan -out p && terraform show -json p > plan.json"""
