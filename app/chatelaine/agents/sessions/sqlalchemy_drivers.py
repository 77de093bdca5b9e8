"""URLs of databases, and the drivers that speak to them."""

from __future__ import annotations

from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from sqlalchemy import create_engine, event, make_url
from sqlalchemy.dialects import registry
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlalchemy.pool import StaticPool

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sqlalchemy import URL, Engine

CONNECTING = 10
"""Seconds in which a server must have answered, where the URL does not say otherwise."""

_DRIVERS = {
    "postgresql": "postgresql+psycopg",
    "postgres": "postgresql+psycopg",
    "mysql": "mysql+pymysql",
    "mariadb": "mariadb+pymysql",
}
_EXTRAS = {
    "psycopg": "postgresql",
    "asyncpg": "",
    "pymysql": "mysql",
    "asyncmy": "mysql",
    "aiosqlite": "",
}


def register_drivers() -> None:
    """Let `create_engine("mysql://...")` find the driver of our extra where its own is missing.

    SQLAlchemy takes mysqlclient for such a URL (before 2.1, psycopg2 for `postgresql://`), and
    fails where that is not installed. Nothing changes where it is
    (https://docs.sqlalchemy.org/en/20/core/connections.html#registering-new-dialects).
    """
    if find_spec("MySQLdb") is None and find_spec("pymysql") is not None:
        registry.register("mysql", "sqlalchemy.dialects.mysql.pymysql", "dialect")
    if find_spec("psycopg2") is None and find_spec("psycopg") is not None:
        registry.register("postgresql", "sqlalchemy.dialects.postgresql.psycopg", "dialect")


def url_of(text: str | URL) -> URL:
    """Read a URL; one without a driver gets that of our extra.

    Raises:
        ValueError: It is no URL of a database. The message does not repeat it.
    """
    from sqlalchemy.exc import ArgumentError

    try:
        url = make_url(text)
    except (ArgumentError, ValueError):
        raise ValueError("the URL of the database cannot be read") from None
    return url.set(drivername=_DRIVERS.get(url.drivername, url.drivername))


def is_in_memory(url: URL) -> bool:
    """Tell whether it is a database of SQLite without a file."""
    if url.get_backend_name() != "sqlite":
        return False
    database = url.database or ""
    return (
        database in ("", ":memory:")
        or database.startswith("file::memory:")
        or url.query.get("mode") == "memory"
    )


def engine_of(url: URL, engine_kwargs: Mapping[str, Any]) -> Engine | AsyncEngine:
    """Make an engine.

    Raises:
        ImportError: Its driver is not installed. The message says what to install.
        ValueError: SQLAlchemy knows no such database.
    """
    from sqlalchemy.exc import NoSuchModuleError

    options: dict[str, Any] = {
        "hide_parameters": True,
        # Each piece of work ends its transaction: to do it once more costs a round trip.
        "pool_reset_on_return": None,
        **engine_kwargs,
    }
    driver = url.get_driver_name() if "+" in url.drivername else ""
    if driver == "psycopg" and "connect_timeout" not in url.query:
        options["connect_args"] = {
            "connect_timeout": CONNECTING,
            **options.get("connect_args", {}),
        }
    if url.get_backend_name() == "sqlite" and is_in_memory(url):
        options.setdefault("poolclass", StaticPool)
        options["connect_args"] = {"check_same_thread": False, **options.get("connect_args", {})}
    try:
        is_async = url.get_dialect().is_async
        engine = create_async_engine(url, **options) if is_async else create_engine(url, **options)
    except NoSuchModuleError:
        raise ValueError(f"SQLAlchemy knows no database {url.drivername!r}") from None
    except ModuleNotFoundError as error:
        raise ImportError(_how_to_install(driver or str(error.name))) from error
    if url.get_backend_name() == "sqlite":
        event.listen(_sync(engine), "connect", _prepare_sqlite)
    return engine


def _sync(engine: Engine | AsyncEngine) -> Engine:
    return engine.sync_engine if isinstance(engine, AsyncEngine) else engine


def _prepare_sqlite(connection: Any, _: object) -> None:
    cursor = connection.cursor()
    try:
        # Readers and a writer do not wait for each other.
        cursor.execute("PRAGMA journal_mode = WAL")
    finally:
        cursor.close()


def _how_to_install(driver: str) -> str:
    extra = _EXTRAS.get(driver)
    if extra:
        return f'the driver {driver} is missing: pip install "chatelaine[{extra}]"'
    return f"the driver {driver} is missing: pip install {driver}"
