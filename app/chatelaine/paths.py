"""Where things lie, and how they are kept from other users of the machine.

Folders are 0700 and files 0600 from the moment they exist: permissions are set before there is any
content. A file is replaced in one step or not at all, so that a crash leaves the old one or the new
one, whole. Failures are plain `OSError`: whoever calls knows what the file means to the user.
"""

from __future__ import annotations

import contextlib
import errno
import os
from typing import TYPE_CHECKING, NamedTuple

import platformdirs

if TYPE_CHECKING:
    from pathlib import Path

APPLICATION = "chatelaine"
HISTORY_NAME = "history.db"

_FOLDER_MODE = 0o700
_FILE_MODE = 0o600
_BINARY = getattr(os, "O_BINARY", 0)  # only Windows has it
# Some file systems cannot sync a folder, and say so; nothing more can be done there.
_CANNOT_SYNC_FOLDERS = frozenset({errno.EINVAL, errno.ENOTSUP, errno.ENOSYS})


class Folders(NamedTuple):
    """The folders of this user.

    Attributes:
        data: Histories and their key files.
        config: The settings.
    """

    data: Path
    config: Path


def user_folders() -> Folders:
    """Find the folders of this user. Honours `XDG_DATA_HOME`, `XDG_CONFIG_HOME` and `HOME`."""
    return Folders(
        data=platformdirs.user_data_path(APPLICATION, appauthor=False),
        config=platformdirs.user_config_path(APPLICATION, appauthor=False),
    )


def make_private_folder(folder: Path) -> None:
    """Create a folder with mode 0700, and its missing parents likewise; close it if it was open.

    Raises:
        OSError: It cannot be created, or its mode cannot be set.
    """
    for missing in reversed([path for path in (folder, *folder.parents) if not path.exists()]):
        missing.mkdir(mode=_FOLDER_MODE, exist_ok=True)
    if folder.stat().st_mode & 0o077:
        folder.chmod(_FOLDER_MODE)


def replace_private_file(path: Path, content: bytes) -> None:
    """Write a file with mode 0600 in one step: after a crash there is the old one or the new one.

    Raises:
        OSError: It cannot be written; what was there before still is.
    """
    draft = path.with_name(f".{path.name}.{os.urandom(4).hex()}.tmp")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | _BINARY, _FILE_MODE)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
    except BaseException:
        with contextlib.suppress(OSError):
            draft.unlink()
        raise
    _sync_folder(path.parent)


def _sync_folder(folder: Path) -> None:
    """Make sure that the names in a folder are on the disk, where the system can."""
    if os.name == "nt":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    except OSError as error:
        if error.errno not in _CANNOT_SYNC_FOLDERS:
            raise
    finally:
        os.close(descriptor)
