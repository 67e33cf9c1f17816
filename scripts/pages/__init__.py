"""What the documentation takes from the code: each module makes pages or blocks as Markdown, and writes no file."""
