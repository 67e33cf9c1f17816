"""Writes expectations into the text of a scenario file: all else stays as it is, byte for byte."""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq
from ruamel.yaml.nodes import CollectionNode, MappingNode, Node, SequenceNode

STORY, EXPECT = "story", "expect"

# By the keys of an expectation: reach, connections, routes.
Additions = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class _Edit:
    """A part of a text, and what comes into its place."""

    start: int
    end: int
    text: str


def with_expectations(text: str, steps: Sequence[Additions], name: str) -> str:
    """A scenario's text with more expectations, a mapping for each step; ``name`` is that of the step that a file
    without a story gets. What is written stays; comments, too."""
    if "\r\n" in text:
        return with_expectations(text.replace("\r\n", "\n"), steps, name).replace("\n", "\r\n")
    root = _yaml().compose(text)
    assert isinstance(root, MappingNode)
    story = _value(root, STORY)
    if isinstance(story, SequenceNode) and story.value and not story.flow_style:
        edits = [_step(text, step, more) for step, more in zip(story.value, steps, strict=True) if more]
    elif story is None and not root.flow_style:
        told = _dumped({STORY: [{"name": name, EXPECT: _plain(steps[0])}]}) if steps[0] else ""
        edits = [_Edit(len(text), len(text), ("" if text.endswith("\n") else "\n") * bool(told) + told)]
    else:
        edits = [_anew(text, steps, name)] if any(steps) else []
    for edit in reversed(edits):
        text = text[: edit.start] + edit.text + text[edit.end :]
    return text


def _step(text: str, step: Node, more: Additions) -> _Edit:
    """A step in a block story: a flow step becomes a block; of a block step only its expectation is touched."""
    assert isinstance(step, MappingNode)
    if step.flow_style:
        part = _Part.of(text, step.start_mark, step)
        return part.edit(_with(part.data, more))
    entry = next(((key, value) for key, value in step.value if key.value == EXPECT), None)
    if entry is not None:
        key, value = entry
        part = _Part.of(text, key.start_mark, value)
        return part.edit(_with(part.data, more))
    at, column = _line_end(text, _end(step)), step.start_mark.column
    return _Edit(at, at, _indented(f"\n{_dumped({EXPECT: _plain(more)})}".rstrip("\n"), column))


def _anew(text: str, steps: Sequence[Additions], name: str) -> _Edit:
    """The whole file, where its story, or all of it, is in one line."""
    data = _yaml().load(text)
    data.fa.set_block_style()
    if not data.get(STORY):
        data[STORY] = CommentedSeq([CommentedMap(name=name)])
    story = data[STORY]
    story.fa.set_block_style()
    for step, more in zip(story, steps, strict=True):
        if more:
            _with(step, more)
    return _Edit(0, len(text), _dumped(data))


@dataclass(frozen=True, slots=True)
class _Part:
    """A mapping in a text that begins at a column, as data with its comments.

    ``comment`` stands behind one that is written in one line: it stays with its first line.
    """

    start: int
    end: int
    column: int
    comment: str
    data: CommentedMap

    @classmethod
    def of(cls, text: str, start: Any, node: Node) -> _Part:
        """The mapping from a mark to the end of a node, and the comment behind it."""
        end, stop = _end(node), _line_end(text, _end(node))
        behind = text[end:stop] if isinstance(node, CollectionNode) and node.flow_style else ""
        first, *rest = text[start.index : stop - len(behind)].split("\n")
        lines = (first, *(line[start.column :] if not line[: start.column].strip() else line.lstrip() for line in rest))
        return cls(start.index, stop, start.column, behind, _yaml().load("\n".join(lines)))

    def edit(self, data: CommentedMap) -> _Edit:
        """The mapping with other data."""
        first, *rest = _dumped(data).rstrip("\n").split("\n")
        return _Edit(self.start, self.end, _indented("\n".join((first + self.comment, *rest)), self.column))


# --- data -----------------------------------------------------------------------------------------------------------


def _with(step: CommentedMap, more: Additions) -> CommentedMap:
    """A step, or its expectation alone, with more expectations."""
    if step.get(EXPECT) is None:
        step[EXPECT] = CommentedMap()
    if _extend(step[EXPECT], more, depth=2):
        step.fa.set_block_style()
    return step


def _extend(known: CommentedMap, more: Mapping[str, Any], depth: int) -> bool:
    """Add what is not there yet; what grows becomes a block, so that no line grows without end. Whether it grew."""
    grown = False
    for key, value in more.items():
        if known.get(key) is None:
            known[key] = _plain(value, depth)
            grown = True
        elif isinstance(value, Mapping) and isinstance(known[key], CommentedMap) and depth:
            grown |= _extend(known[key], value, depth - 1)
    if grown:
        known.fa.set_block_style()
    return grown


def _plain(value: Any, depth: int = 3) -> Any:
    """Data as a file writes it: a block outside; a row with one target, a reason and a list in one line."""
    if isinstance(value, Mapping):
        made = CommentedMap((key, _plain(item, depth - 1)) for key, item in value.items())
        if depth <= 0 or (depth == 1 and all(isinstance(item, str) for item in value.values())):
            made.fa.set_flow_style()
        return made
    if isinstance(value, (list, tuple)):
        listed = CommentedSeq(value)
        listed.fa.set_flow_style()
        return listed
    return value


# --- text -----------------------------------------------------------------------------------------------------------


def _yaml() -> YAML:
    yaml = YAML(typ="rt", pure=True)
    yaml.preserve_quotes = True
    yaml.width = 1 << 20
    yaml.brace_single_entry_mapping_in_flow_sequence = True
    yaml.indent(mapping=2, sequence=4, offset=2)
    return yaml


def _dumped(data: Any) -> str:
    out = io.StringIO()
    _yaml().dump(data, out)
    return out.getvalue()


def _indented(text: str, column: int) -> str:
    """A text whose further lines begin at a column."""
    first, *rest = text.split("\n")
    return "\n".join((first, *(" " * column + line if line else "" for line in rest)))


def _value(mapping: MappingNode, key: str) -> Node | None:
    return next((value for name, value in mapping.value if name.value == key), None)


def _end(node: Node) -> int:
    """The index behind a value; a block ends with its last value, its mark stands before the next one."""
    if not isinstance(node, CollectionNode) or node.flow_style:
        return int(node.end_mark.index)
    return max(map(_end, _inside(node)), default=int(node.end_mark.index))


def _inside(node: CollectionNode) -> Iterator[Node]:
    for item in node.value:
        yield from item if isinstance(item, tuple) else (item,)


def _line_end(text: str, index: int) -> int:
    """The end of the line of an index, or of what stands before it, where it is the next line's beginning."""
    if index and text[index - 1] == "\n":
        return index - 1
    end = text.find("\n", index)
    return len(text) if end < 0 else end
