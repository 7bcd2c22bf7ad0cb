"""From names on the command line to what is listed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from imgclean.errors import InvalidSetting, UnknownWeightSet, nearest_names

if TYPE_CHECKING:
    from collections.abc import Iterable

    from imgclean.weightsets.hub.inventory import Item


def chosen_items(names: Iterable[str] | None) -> list[Item]:
    """Return everything that has one of the names, or all there is.

    Raises:
        UnknownWeightSet: nothing has a name.
    """
    from imgclean.weightsets.catalogue import installed
    from imgclean.weightsets.hub.inventory import list_items

    items = list_items(installed())
    if not names:
        return items
    found = []
    for name in names:
        named = [each for each in items if each.is_called(name.removesuffix("/"))]
        if not named:
            raise UnknownWeightSet(f"nothing here is called {name}", hint=_hint(name, items))
        found += [each for each in named if each not in found]
    return found


def _hint(name: str, items: Iterable[Item]) -> str:
    from imgclean.weightsets.hub.intended import intended_hint

    near = nearest_names(name, {each.name for each in items})
    nearest = f"did you mean {' or '.join(near)}?" if near else "see `imgclean weights list`"
    return intended_hint(name) or nearest


def require_here(items: Iterable[Item]) -> None:
    """Refuse what is only on the Hub.

    Raises:
        InvalidSetting: one is not on this machine.
    """
    for item in items:
        if item.place is None:
            verb = "pin" if item.state == "unpinned" else "pull"
            raise InvalidSetting(
                f"{item.name} is not here", hint=f"`imgclean weights {verb} {item.name}` fetches it"
            )
