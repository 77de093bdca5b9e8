from __future__ import annotations

from chatelaine.gui import resources


def test_each_shipped_font_has_its_licence_beside_it():
    files = resources.font_files()
    assert len(files) == 6
    assert all((path.parent / "LICENSE.txt").is_file() for path in files)


def test_resources_inside_the_package_come_first(tmp_path):
    package = tmp_path / "chatelaine"
    (package / "resources").mkdir(parents=True)
    assert resources.find(package) == package / "resources"


def test_a_checkout_has_its_resources_at_the_top(tmp_path):
    package = tmp_path / "app" / "chatelaine"
    package.mkdir(parents=True)
    assert resources.find(package) == tmp_path / "resources"
