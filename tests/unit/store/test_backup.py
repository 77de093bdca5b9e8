"""Backups: what is in them, what opens them, what is kept of them, and what is never touched."""

from __future__ import annotations

import errno
import zipfile

import pytest

from chatelaine.agents.items import assistant_message, user_message
from chatelaine.errors import (
    BackupDamaged,
    BackupNewer,
    DiskFull,
    HistoryError,
    NotABackup,
)
from chatelaine.store import archive, backup
from chatelaine.store.archive import BackupKind, Counts
from chatelaine.store.backup import BackupPlace
from chatelaine.store.engine import connect
from chatelaine.store.migrations import m0001_initial, upgrade
from chatelaine.store.store import ConversationStore

SECRET = "lapis lazuli"


@pytest.fixture
def sealed():
    """The keys of the backups that were made, in order."""
    return []


@pytest.fixture
def place(path, sealed):
    def seal(key):
        sealed.append(key)
        return b'{"keys": true}'

    return BackupPlace(backup.folder_of(path), seal)


async def say(store, thread, count=3):
    for number in range(count):
        turn = await store.begin_turn(thread.id, [user_message(f"{SECRET} {number}")])
        await store.extend_turn(turn.id, [assistant_message("Noted.")], ended=True)


def first_schema(path, key, rows=0):
    """Make a history as the first version did."""
    path.parent.mkdir(parents=True, exist_ok=True)
    connection = connect(path, key)
    m0001_initial.migrate(connection)
    connection.execute(f"PRAGMA application_id = {upgrade.APPLICATION_ID}")
    connection.execute("PRAGMA user_version = 1")
    connection.execute(
        "INSERT INTO thread (uid, title, named, preview, steps, created, updated)"
        " VALUES ('first', 'First', 1, '', 0, 1, 1)"
    )
    connection.executemany(
        "INSERT INTO setting (name, value) VALUES (?, ?)",
        ((str(n), "x" * 3000) for n in range(rows)),
    )
    connection.close()


async def test_a_backup_holds_everything_and_nothing_readable(store, path, key, place, sealed):
    thread = await store.create_thread()
    await say(store, thread)
    made = backup.make(path, key, place, BackupKind.MANUAL)
    assert made.manifest is not None
    assert made.manifest.counts == Counts(1, 3, 6)
    assert made.path.stat().st_mode & 0o777 == 0o600
    assert made.path.parent.stat().st_mode & 0o777 == 0o700
    assert SECRET.encode() not in made.path.read_bytes()
    assert [each.name for each in place.folder.iterdir()] == [made.path.name]
    copied = path.with_name("copied.db")
    archive.extract(made.path, copied)
    (own,) = sealed
    assert own != key
    with pytest.raises(HistoryError):
        connect(copied, key)
    async with await ConversationStore.open(copied, own) as other:
        assert await other.turns(thread.id) == await store.turns(thread.id)
        assert await other.threads() == await store.threads()


async def test_a_backup_is_of_one_moment_while_the_history_goes_on(store, thread, path, key, place):
    await say(store, thread)
    first = backup.make(path, key, place, BackupKind.MANUAL)
    await say(store, thread)
    second = backup.make(path, key, place, BackupKind.MANUAL)
    assert first.manifest is not None
    assert second.manifest is not None
    assert (first.manifest.counts.turns, second.manifest.counts.turns) == (3, 6)
    assert first.manifest.mark != second.manifest.mark
    assert first.path != second.path


async def test_the_newest_of_each_kind_are_kept_and_nothing_else_is_touched(
    store, path, key, place
):
    place.folder.mkdir(mode=0o700)
    foreign = {"daily-history-20200101T000000Z.chtlbak": b"not ours", "notes.txt": b"kept"}
    for name, content in foreign.items():
        (place.folder / name).write_bytes(content)
    manual = [backup.make(path, key, place, BackupKind.MANUAL).path for _ in range(4)]
    daily = [backup.make(path, key, place, BackupKind.DAILY).path for _ in range(5)]
    migration = [backup.make(path, key, place, BackupKind.MIGRATION).path for _ in range(3)]
    left = {each.name for each in place.folder.iterdir()}
    kept = {each.name for each in (*manual, *daily[-3:], *migration[-2:])}
    assert left == kept | foreign.keys()
    assert (place.folder / "notes.txt").read_bytes() == b"kept"


async def test_a_backup_that_cannot_be_verified_replaces_nothing(
    store, path, key, place, monkeypatch
):
    kept = [backup.make(path, key, place, BackupKind.DAILY).path for _ in range(3)]
    monkeypatch.setattr(backup, "_digest", lambda path, seen=[]: seen.append(path) or len(seen))
    with pytest.raises(BackupDamaged):
        backup.make(path, key, place, BackupKind.DAILY)
    assert sorted(place.folder.iterdir()) == sorted(kept)


async def test_a_full_disk_leaves_the_backups_that_there_are(store, path, key, place, monkeypatch):
    kept = backup.make(path, key, place, BackupKind.DAILY).path

    def full(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(archive, "write", full)
    with pytest.raises(DiskFull):
        backup.make(path, key, place, BackupKind.DAILY)
    assert list(place.folder.iterdir()) == [kept]


async def test_files_that_are_no_whole_backups_are_told_apart(store, path, key, place):
    good = backup.make(path, key, place, BackupKind.MANUAL).path
    content = good.read_bytes()
    broken = good.with_name("a.chtlbak")
    broken.write_bytes(content[: len(content) // 2])
    with pytest.raises(BackupDamaged):
        archive.read_manifest(broken)
    broken.write_bytes(b"something else")
    with pytest.raises(NotABackup, match=r"a\.chtlbak is called like a backup, but it is none"):
        archive.read_manifest(broken)
    picture = broken.with_name("a.png")
    picture.write_bytes(b"something else")
    with pytest.raises(NotABackup, match=r"a\.png was .*Choose a file that ends in \.chtlbak"):
        archive.read_manifest(picture)
    picture.unlink()
    with zipfile.ZipFile(broken, "w") as other:
        other.writestr("a.txt", "no backup")
    with pytest.raises(NotABackup):
        archive.read_manifest(broken)
    with zipfile.ZipFile(broken, "w") as newer:
        for name in ("history.db", "keys.json"):
            newer.writestr(name, b"")
        newer.writestr("manifest.json", '{"format": "chatelaine-backup", "version": 2}')
    with pytest.raises(BackupNewer):
        archive.read_manifest(broken)
    with zipfile.ZipFile(broken, "w") as deep:
        for name in ("history.db", "keys.json"):
            deep.writestr(name, b"")
        deep.writestr("manifest.json", "[" * 50_000)
    with pytest.raises(BackupDamaged):
        archive.read_manifest(broken)
    found = {each.path: type(each.problem) for each in backup.every(place.folder)}
    assert found == {good: type(None), broken: BackupDamaged}
    middle = content.index(b"history.db") + 2000
    broken.write_bytes(content[:middle] + bytes([content[middle] ^ 1]) + content[middle + 1 :])
    target = path.with_name("x.db")
    with pytest.raises(BackupDamaged):
        archive.extract(broken, target)
    assert not target.exists()


# ---------------------------------------------------------------------------- before an upgrade


async def test_an_upgrade_begins_with_a_backup_of_the_history_as_it_was(path, key, place, sealed):
    first_schema(path, key)
    async with await ConversationStore.open(path, key, backups=place) as store:
        assert [thread.title for thread in await store.threads()] == ["First"]
    (made,) = backup.every(place.folder)
    assert made.manifest is not None
    assert (made.manifest.kind, made.manifest.schema) == (BackupKind.MIGRATION, 1)
    copied = path.with_name("copied.db")
    archive.extract(made.path, copied)
    old = connect(copied, sealed[0], probe=True)
    assert old.execute("PRAGMA user_version").fetchone() == (1,)
    old.close()
    async with await ConversationStore.open(path, key, backups=place):
        pass
    assert len(backup.every(place.folder)) == 1


async def test_without_room_for_a_backup_a_history_is_not_upgraded(path, key, place, monkeypatch):
    first_schema(path, key, rows=20)
    before = path.read_bytes()

    def full(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(archive, "write", full)
        with pytest.raises(DiskFull, match="left as it is"):
            await ConversationStore.open(path, key, backups=place)
    assert path.read_bytes() == before
    async with await ConversationStore.open(path, key, backups=place):
        pass


async def test_a_folder_that_cannot_be_written_keeps_the_history_as_it_is(path, key, place):
    first_schema(path, key)
    place.folder.write_bytes(b"a file where the folder should be")
    before = path.read_bytes()
    with pytest.raises(HistoryError, match="left as it is"):
        await ConversationStore.open(path, key, backups=place)
    assert path.read_bytes() == before


async def test_no_readable_database_is_ever_written(store, path, key, place, monkeypatch):
    await say(store, await store.create_thread())
    seen: list[bytes] = []
    verify = backup.verify

    def look(copied, *rest):
        seen.extend(each.read_bytes() for each in copied.parent.iterdir())
        verify(copied, *rest)

    monkeypatch.setattr(backup, "verify", look)
    backup.make(path, key, place, BackupKind.MANUAL)
    assert len(seen) == 2
    assert not any(SECRET.encode() in content or b"SQLite format" in content for content in seen)
