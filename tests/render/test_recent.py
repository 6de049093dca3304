"""The last few things are kept, and made once."""

from __future__ import annotations

from render.recent import Recent


def test_what_was_asked_for_last_is_kept() -> None:
    made: list[str] = []

    def make(name: str) -> str:
        made.append(name)
        return name.upper()

    recent: Recent[str, str] = Recent(2)
    for name in ("a", "b", "a", "c", "a", "b"):
        assert recent.of(name, lambda name=name: make(name)) == name.upper()  # type: ignore[misc]
    assert made == ["a", "b", "c", "b"]  # b gave way to c, since a had been asked for after it
