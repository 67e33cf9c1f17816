"""What scripts/bench measures besides labs."""
