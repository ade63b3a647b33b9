"""Line and column of every field of a YAML file, looked up only when something must be shown."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any, Final

import yaml
from yaml._yaml import CParser

from casework.artifact.yaml_reader import MAX_DEPTH, decode
from casework.model.finding import Route

Place = tuple[int, int]

_ID: Final = re.compile(
    r"^[ \t]*(?:-[ \t]+)?id:[ \t]*[\"']?([A-Za-z][A-Za-z0-9_.\-]*)[\"']?[ \t]*(?:#.*)?$", re.MULTILINE
)
_TYPE: Final = re.compile(r"^[ \t]*(?:-[ \t]+)?type:[ \t]*[\"']?([a-z_]+)", re.MULTILINE)


class Places:
    """The places of one file: (item index, route of keys and indices) to (line, column), both 1-based.

    An item is a mapping at the top of a document or an element of a list there, counted over all documents of the file.
    """

    def __init__(self, data: bytes) -> None:
        self._places: dict[tuple[int, Route], Place] = {}
        text, _problems = decode(data)
        if text.strip():
            self._walk(text)

    def of(self, item: int, route: Route) -> Place:
        """Return the place of a field; of the nearest field around it that exists, if it does not exist itself."""
        for length in range(len(route), -1, -1):
            found = self._places.get((item, route[:length]))
            if found:
                return found
        return (1, 1)

    def _walk(self, text: str) -> None:
        parser = CParser(text)
        frames: list[_Frame] = []
        items = _Counter()
        try:
            while (event := parser.get_event()) is not None and len(frames) <= MAX_DEPTH:
                self._event(event, frames, items)
        except yaml.YAMLError:
            return

    def _event(self, event: Any, frames: list[_Frame], items: _Counter) -> None:
        if isinstance(event, yaml.CollectionStartEvent):
            frames.append(self._open(event, frames, items))
        elif isinstance(event, yaml.CollectionEndEvent):
            frames.pop()
            if frames:
                frames[-1].value_done()
        elif isinstance(event, yaml.ScalarEvent | yaml.AliasEvent):
            self._scalar(event, frames, items)

    def _open(self, event: Any, frames: list[_Frame], items: _Counter) -> _Frame:
        is_map = isinstance(event, yaml.MappingStartEvent)
        item, route = self._position(frames, items, is_list_at_top=not is_map and not frames)
        self._note(item, route, event)
        return _Frame(is_map, item, route)

    def _scalar(self, event: Any, frames: list[_Frame], items: _Counter) -> None:
        if frames and frames[-1].is_map and frames[-1].key is None:
            frame = frames[-1]
            frame.key = str(getattr(event, "value", ""))
            self._places.setdefault((frame.item, (*(frame.route or ()), frame.key)), _mark(event))
            return
        item, route = self._position(frames, items, is_list_at_top=False)
        self._note(item, route, event)
        if frames:
            frames[-1].value_done()

    def _note(self, item: int, route: Route | None, event: Any) -> None:
        if route is not None:
            self._places.setdefault((item, route), _mark(event))

    @staticmethod
    def _position(frames: list[_Frame], items: _Counter, *, is_list_at_top: bool) -> tuple[int, Route | None]:
        if is_list_at_top:
            return -1, None
        if not frames or frames[-1].route is None:
            return items.next(), ()
        frame = frames[-1]
        route: Route = frame.route or ()
        step = frame.key if frame.is_map else frame.index
        last: str | int = step if step is not None else ""
        return frame.item, (*route, last)


class _Counter:
    def __init__(self) -> None:
        self.count = -1

    def next(self) -> int:
        self.count += 1
        return self.count


class _Frame:
    """An open collection; `route` is None for a list at the top of a document, whose elements are items."""

    def __init__(self, is_map: bool, item: int, route: Route | None) -> None:
        self.is_map, self.item, self.route = is_map, item, route
        self.key: str | None = None
        self.index = 0

    def value_done(self) -> None:
        self.key = None
        self.index += 1


def _mark(event: Any) -> Place:
    return event.start_mark.line + 1, event.start_mark.column + 1


def salvage(data: bytes) -> Iterable[tuple[str, str]]:
    """Yield (id, type) of what look like nodes in a file that cannot be read, so that nothing reports them missing."""
    text = data.decode("utf-8", errors="replace")
    kinds = [(m.start(), m[1]) for m in _TYPE.finditer(text)]
    for found in _ID.finditer(text):
        near = min(kinds, key=lambda k: abs(k[0] - found.start()), default=(0, "requirement"))
        yield found[1], near[1]
