"""The events of MkDocs at which generated text comes into the documentation."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

CHECKOUT = Path(__file__).resolve().parents[2]
for place in (CHECKOUT, CHECKOUT / "scripts"):
    if str(place) not in sys.path:
        sys.path.insert(0, str(place))

from pages import contents, markdown, rules  # noqa: E402


def on_config(config: MkDocsConfig) -> MkDocsConfig:
    """Put the generated pages into the navigation, where it says `folder/*`."""
    config.nav = [_expanded(item) for item in config.nav or []]
    return config


def _expanded(item: Any) -> Any:
    if isinstance(item, dict):
        return {title: _expanded(value) for title, value in item.items()}
    if isinstance(item, list):
        return [part for inner in item for part in _several(inner)]
    return item


def _several(item: Any) -> list[Any]:
    if isinstance(item, str) and item.endswith("/*"):
        return [name for name in contents.pages() if name.startswith(item[:-1])]
    return [_expanded(item)]


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the generated pages, pictures and schemas."""
    for name, text in (contents.pages() | contents.files()).items():
        files.append(File.generated(config, name, content=text))
    return files


def on_page_markdown(markdown_text: str, page: Page, config: MkDocsConfig, files: Files) -> str:
    """Fill the generated blocks, and link the numbers of Azure's rules."""
    source = page.file.src_uri
    text = markdown.enlargeable(markdown.fill(markdown_text, contents.BLOCKS))
    if source.startswith(f"{markdown.RULES}/"):
        return rules.marked(text, source)
    return markdown.link_rules(text, source)
