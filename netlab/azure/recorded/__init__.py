"""Answers that Azure gave about a real deployment, row by row beside what the model predicts. Pure."""
