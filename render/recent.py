"""The last few things that were made, kept for when they are asked for again."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from typing import Generic, TypeVar

Key = TypeVar("Key")
Value = TypeVar("Value")


class Recent(Generic[Key, Value]):
    """The last few values that were made, by what they were made from."""

    def __init__(self, most: int) -> None:
        self._most, self._known = most, OrderedDict[Key, Value]()

    def of(self, key: Key, make: Callable[[], Value]) -> Value:
        """The value of ``key``, made when it is not known."""
        if key not in self._known:
            self._known[key] = make()
        self._known.move_to_end(key)
        while len(self._known) > self._most:
            self._known.popitem(last=False)
        return self._known[key]
