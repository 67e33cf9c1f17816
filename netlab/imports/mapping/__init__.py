"""The mapping of Azure's resources onto the scenario format: a module per object of Azure."""
