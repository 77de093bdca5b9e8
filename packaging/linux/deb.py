"""The package for Debian, Ubuntu and their like.

What it depends on is computed by `dpkg-shlibdeps` from the libraries that are really needed, which
also fails where something is shipped that needs a library nobody has.
"""

from __future__ import annotations

import hashlib
import subprocess
from email.utils import format_datetime
from fnmatch import fnmatch
from typing import TYPE_CHECKING

import project
import shipped
from linux import copyrights, files
from linux.bundle import binaries

if TYPE_CHECKING:
    from pathlib import Path

_WORK = project.BUILD / "deb"


def build(program: project.Project, folder: Path) -> Path:
    """Build the package from the folder with the program; give where it is.

    Raises:
        subprocess.CalledProcessError: One of the programs that do it has failed, and said why.
        LookupError: Something is shipped without the text of its licence.
    """
    root = _WORK / "root"
    files.write_tree(root, program, folder)
    _write_documents(root / "usr" / "share" / "doc" / program.command, program, folder)
    architecture = _output("dpkg", "--print-architecture")
    installed = sum(path.lstat().st_size for path in root.rglob("*") if not path.is_dir())
    files.write(
        root / "DEBIAN" / "control",
        files.fill(
            "control.in",
            program,
            architecture=architecture,
            installed_size=str(installed // 1024),
            depends=_dependencies(root),
        ),
    )
    files.write(root / "DEBIAN" / "postrm", files.fill("postrm.in", program), executable=True)
    _write_sums(root)
    project.DIST.mkdir(exist_ok=True)
    name = f"{program.command}_{program.sortable_version}_{architecture}.deb"
    subprocess.run(
        ["dpkg-deb", "--root-owner-group", "-Zxz", "--build", str(root), str(project.DIST / name)],
        check=True,
        stdout=subprocess.DEVNULL,
    )
    return project.DIST / name


def _dependencies(root: Path) -> str:
    """Ask which packages bring what the program needs of the system."""
    ours = list(binaries(root))
    # By this folder it recognises which one becomes `/`.
    (root / "DEBIAN").mkdir()
    debian = _WORK / "debian"
    files.write(
        debian / "control", "Source: chatelaine\n\nPackage: chatelaine\nArchitecture: any\n"
    )
    # What is shipped itself is nobody's dependency.
    sonames = (_output("patchelf", "--print-soname", str(path)) for path in ours if path.suffix)
    shlibs = {_shlib(name) for name in sonames if ".so." in name}
    files.write(debian / "shlibs.local", "".join(f"{line}\n" for line in sorted(shlibs)))
    asked = [
        path
        for path in ours
        if not any(fnmatch(str(path), each) for each in shipped.OPTIONAL_PLUGINS)
    ]
    folders = sorted({str(path.parent) for path in ours})
    said = subprocess.run(
        [
            *("dpkg-shlibdeps", "-O", "--warnings=0"),
            *(f"-l{each}" for each in folders),
            *(f"-e{each}" for each in asked),
        ],
        check=True,
        cwd=_WORK,
        stdout=subprocess.PIPE,
        text=True,
    ).stdout
    return said.strip().partition("=")[2]


def _shlib(soname: str) -> str:
    name, _, version = soname.partition(".so.")
    return f"{name} {version}"


def _write_documents(folder: Path, program: project.Project, bundle: Path) -> None:
    files.write(folder / "copyright", copyrights.debian(program, bundle))
    files.write_compressed(folder / "changelog.gz", (project.ROOT / "CHANGELOG.md").read_bytes())
    entry = (
        f"{program.command} ({program.sortable_version}) unstable; urgency=medium\n\n"
        f"  * Version {program.version}: see changelog.gz.\n\n"
        f" -- {program.author} <>  {format_datetime(files.built())}\n"
    )
    files.write_compressed(folder / "changelog.Debian.gz", entry.encode())


def _write_sums(root: Path) -> None:
    """Write by what `dpkg --verify` sees that a file was changed."""
    lines = []
    for path in sorted((root / "usr").rglob("*")):
        if path.is_file() and not path.is_symlink():
            with path.open("rb") as file:
                digest = hashlib.file_digest(file, lambda: hashlib.md5(usedforsecurity=False))
            lines.append(f"{digest.hexdigest()}  {path.relative_to(root)}\n")
    files.write(root / "DEBIAN" / "md5sums", "".join(lines))


def _output(*command: str) -> str:
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout.strip()
