"""Pictures in pages, made by the very commands that the pages name, while the site is built."""

from __future__ import annotations

import re
import tempfile
from pathlib import Path

from pages.markdown import DOCS

# What a page asks `netlab graph` for, by the picture's path; EXAMPLE is the file of docs/how-to/write-a-scenario.md.
EXAMPLE = "example.yaml"
GRAPHS = {
    "how-to/example.svg": (EXAMPLE, "-f", "svg"),
    "how-to/example-who-reaches-whom.svg": (EXAMPLE, "--matrix", "-f", "svg"),
}


def pictures() -> dict[str, str]:
    """Each picture as SVG, by its path."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / EXAMPLE
        path.write_text(example())
        return {
            name: drawn(*(str(path) if word == EXAMPLE else word for word in words)) for name, words in GRAPHS.items()
        }


def example() -> str:
    """The scenario in docs/how-to/write-a-scenario.md."""
    page = (DOCS / "how-to/write-a-scenario.md").read_text()
    (found,) = re.findall(r"<!-- an example .*? -->\n```yaml\n(.*?)```\n", page, re.DOTALL)
    return str(found)


def drawn(*words: str) -> str:
    """What `netlab graph` prints."""
    from typer.testing import CliRunner

    from netlab.cli import app

    done = CliRunner().invoke(app, ["graph", *words])
    if done.exit_code != 0:
        raise RuntimeError(f"netlab graph {' '.join(words)}: {done.output}")
    return done.stdout
