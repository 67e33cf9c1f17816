"""What the kernel of every node should hold at a moment of a story, derived from plan and model, and what it holds."""
