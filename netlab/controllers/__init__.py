"""The lab's software-defined network: keeps VNet tables and selectors in step with what BGP learned."""
