"""What Azure does with a network: IKE, BGP, routes, forwarding; the prediction and its explanation. Pure."""
