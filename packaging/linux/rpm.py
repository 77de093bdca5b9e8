"""The package for Fedora, openSUSE and their like.

What it needs is computed by RPM, as names of libraries, which are the same in all of them; what is
shipped is left out of it.
"""

from __future__ import annotations

import re
import subprocess
from typing import TYPE_CHECKING

import project
from linux import copyrights, files
from linux.bundle import binaries

if TYPE_CHECKING:
    from pathlib import Path

_WORK = project.BUILD / "rpm"


def build(program: project.Project, folder: Path) -> Path:
    """Build the package from the folder with the program; give where it is.

    Raises:
        subprocess.CalledProcessError: One of the programs that do it has failed, and said why.
        LookupError: Something is shipped of which nobody says under which licence it is.
    """
    tree = _WORK / "tree"
    files.write_tree(tree, program, folder)
    links = {path.name for path in folder.rglob("*.so*")}
    shipped_names = {path.name for path in binaries(folder)} | links
    names = sorted(re.escape(name).replace("\\-", "-") for name in shipped_names if ".so" in name)
    specification = files.write(
        _WORK / f"{program.command}.spec",
        files.fill(
            "rpm.spec.in",
            program,
            licences=copyrights.expression(program, folder),
            tree=str(tree),
            # Once for the specification, which takes one of them away.
            shipped_libraries="|".join(names).replace("\\", "\\\\"),
        ),
    )
    subprocess.run(
        [
            *("rpmbuild", "-bb", "--quiet", "--nodebuginfo"),
            *("--define", f"_topdir {_WORK}"),
            *("--define", f"_rpmdir {_WORK / 'made'}"),
            *("--define", "use_source_date_epoch_as_buildtime 1"),
            *("--define", "clamp_mtime_to_source_date_epoch 1"),
            *("--define", "_buildhost localhost"),
            str(specification),
        ],
        check=True,
    )
    made = max((_WORK / "made").rglob("*.rpm"), key=lambda path: path.stat().st_mtime)
    project.DIST.mkdir(exist_ok=True)
    return made.replace(project.DIST / made.name)
