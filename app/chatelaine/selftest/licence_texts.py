"""Whether the licences of all that is shipped are there: they are to be passed on with it."""

from __future__ import annotations

import sys

from chatelaine.selftest.report import CheckFailed


def check_licences() -> str:
    """See that each part has the name of its licence, and the text.

    In an environment of pip the packages themselves are responsible for theirs; there it is told.

    Raises:
        CheckFailed: They were not written down, or one of them is missing.
    """
    from chatelaine.gui import resources
    from chatelaine.gui.help import licences

    is_written = (resources.FOLDER / licences.FILE).is_file()
    if getattr(sys, "frozen", False) and not is_written:
        raise CheckFailed("The build has not written down the licences of what it has put in.")
    try:
        found = licences.components()
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise CheckFailed(f"The licences cannot be read: {type(error).__name__}.") from error
    silent = [one.name for one in found if not (one.licence and one.texts)]
    if is_written and silent:
        raise CheckFailed(f"There is no licence, or no text of it, for {', '.join(silent)}.")
    lacking = [name for name in _ALWAYS if name not in {one.name for one in found}]
    if lacking:
        raise CheckFailed(f"Nothing is said about {', '.join(lacking)}.")
    told = f"{len(found)} parts, each with its licence"
    return f"{told}, but for {', '.join(silent)}" if silent else told


_ALWAYS = ("Chatelaine", "Inter", "OpenSSL", "Python", "Qt", "SQLCipher", "libffi")
