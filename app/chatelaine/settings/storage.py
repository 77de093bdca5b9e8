"""The settings file: read with forbearance, written in one step, never thrown away.

A single value that cannot be used has its default and is reported; it stays in the file until the
user chooses something else, because a newer version may have written it. Keys that are not known
stay too. A file that cannot be read at all is left as it is, by `save` as well.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from chatelaine.errors import SettingsUnreadable
from chatelaine.paths import make_private_folder, replace_private_file
from chatelaine.settings.schema import Settings, from_record, to_record

if TYPE_CHECKING:
    from pathlib import Path

SETTINGS_NAME = "settings.json"

_LARGEST_FILE = 1 << 20


class Loaded(NamedTuple):
    """What came out of a settings file.

    Attributes:
        settings: The values that hold.
        ignored: The names of values that could not be used: those have their default.
    """

    settings: Settings
    ignored: tuple[str, ...] = ()


def load(folder: Path) -> Loaded:
    """Read the settings in a folder; all defaults where there is no file.

    Raises:
        SettingsUnreadable: There is a file, but it is damaged or may not be read.
    """
    return Loaded(*from_record(_read(folder / SETTINGS_NAME)))


def save(folder: Path, settings: Settings) -> None:
    """Write the settings, with mode 0600; the file is the old one or the new one, never a part.

    Raises:
        SettingsUnreadable: The file that is there is damaged: it is not overwritten. Or nothing
            can be written.
    """
    path = folder / SETTINGS_NAME
    before = _read(path)
    _, unusable = from_record(before)
    defaults, chosen = to_record(Settings()), to_record(settings)
    kept = {name for name in unusable if chosen[name] == defaults[name]}
    after = before | {name: value for name, value in chosen.items() if name not in kept}
    import json

    text = json.dumps(after, indent=2) + "\n"
    try:
        make_private_folder(folder)
        replace_private_file(path, text.encode("ascii"))
    except OSError as error:
        raise SettingsUnreadable(
            f"{path} cannot be written ({error.strerror}).", title="The settings were not saved"
        ) from error


def _read(path: Path) -> dict[str, Any]:
    try:
        with path.open("rb") as file:
            content = file.read(_LARGEST_FILE + 1)
    except FileNotFoundError:
        return {}
    except OSError as error:
        raise SettingsUnreadable(f"{path} cannot be read ({error.strerror}).") from error
    if len(content) > _LARGEST_FILE:
        raise SettingsUnreadable(f"{path} is far too large to be a settings file.")
    import json  # only here: whoever starts for the first time has no settings yet

    try:
        record = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise SettingsUnreadable(
            f"{path} is damaged. Repair it, or move it away to begin with the usual settings."
        ) from error
    if not isinstance(record, dict):
        raise SettingsUnreadable(f"{path} does not hold settings.")
    return record
