"""What is shipped of Python, of Qt and of the packages beside them, and what is left out.

The lists are of what is kept, wherever that is possible: a new version of Qt brings new plug-ins,
and none of them comes along by itself. The libraries of Qt are those that the kept modules and
plug-ins need, whichever these are.
"""

from __future__ import annotations

from fnmatch import fnmatch
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import PurePath

QT_MODULES = ("QtCore", "QtDBus", "QtGui", "QtNetwork", "QtSvg", "QtWidgets")
"""The bindings; `tests/bundle` compares them with what the application imports."""

QT_PLUGINS = {
    "iconengines": ("qsvgicon",),
    "imageformats": ("qgif", "qico", "qjpeg", "qsvg", "qwebp"),
    "platforminputcontexts": (
        "composeplatforminputcontextplugin",
        "ibusplatforminputcontextplugin",
    ),
    "platforms": ("qcocoa", "qoffscreen", "qwayland", "qwindows", "qxcb"),
    "platformthemes": ("qgtk3", "qxdgdesktopportal"),
    "styles": ("qmacstyle", "qmodernwindowsstyle"),
    "wayland-decoration-client": ("adwaita", "bradient"),
    "wayland-shell-integration": ("xdg-shell",),
}
"""By folder, without the affixes that systems give to libraries."""

OPTIONAL_PLUGINS = ("*/platformthemes/libqgtk3.so",)
"""Loaded only where the desktop has what they need: no reason to install that."""

SHIPPED_LIBRARIES = ("libffi.so*", "libpython3*")
"""What is shipped of the libraries that Linux has; the system keeps the others safe."""

EXCLUDED = (
    # What only other sessions of the library speak to; they stay, and say that it is missing.
    "aiomysql",
    "asyncmy",
    "asyncpg",
    "psycopg",
    "pymysql",
    "redis",
    "sqlalchemy",
    "agents",
    # Python's own, of which nothing is used.
    "_curses",
    "_tkinter",
    "bz2",
    "curses",
    "distutils",
    "ensurepip",
    "idlelib",
    "lib2to3",
    "lzma",
    "pydoc_data",
    "readline",
    "test",
    "tkinter",
    "turtle",
    # hashlib has hashes of its own as well. This loads the system's OpenSSL, which takes 3 MB of a
    # window at rest; what there is besides, key derivation, comes from cryptography.
    "_hashlib",
    # What packages use if it happens to be there, as it is where installers are made.
    "IPython",
    "chardet",
    "defusedxml",
    "lxml",
    "PIL",
    "matplotlib",
    "mypy",
    "numpy",
    "pandas",
    "pip",
    "pkg_resources",
    "pytest",
    "setuptools",
    "tornado",
    "trio",
    "uvloop",
    "websockets",
)

WITHOUT_FILES = {"PySide6", "chatelaine", "shiboken6"}
"""Packages whose files are chosen one by one; of the others all are shipped that are no code."""

FILES_FOR_DEVELOPERS = ["**/*.pyi", "**/py.typed", "**/*.pxd", "**/*.h", "**/*.md", "**/*.rst"]


def is_kept_plugin(path: PurePath) -> bool:
    """Tell whether a plug-in of Qt is shipped, by where it lies."""
    stem = path.name.partition(".")[0].removeprefix("lib")
    return stem in QT_PLUGINS.get(path.parent.name, ())


def is_shipped_library(name: str) -> bool:
    """Tell whether a library of the system is shipped on Linux."""
    return any(fnmatch(name, pattern) for pattern in SHIPPED_LIBRARIES)
