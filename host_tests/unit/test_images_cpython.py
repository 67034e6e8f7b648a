"""What `tools/amprail build --board B` makes: the same bytes each time, and it fits."""

import os
import shutil
import subprocess
import sys

import pytest
from amprail_tools import ROOT, Failure, boards
from amprail_tools.build import build_device
from amprail_tools.images import files_of, image_of, size_on
from amprail_tools.sizes import report

MAKE = """\
import sys
from pathlib import Path
sys.path.insert(0, sys.argv[1])
from amprail_tools.build import compile_to
compile_to(Path(sys.argv[2]), False, None)
"""


def test_the_same_sources_give_the_same_bytes_in_another_folder(tmp_path):
    for name in ("tools", "boards", "firmware", "lib"):
        shutil.copytree(ROOT / name, tmp_path / name)
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    (tmp_path / "made").mkdir()
    command = [sys.executable, "-c", MAKE, str(tmp_path / "tools"), str(tmp_path / "made")]
    environment = {**os.environ, "PYTHONHASHSEED": "7"}  # another order of its sets
    subprocess.run(command, cwd=tmp_path, env=environment, timeout=120, check=True)
    folders = (build_device(), tmp_path / "made")
    first, second = (files_of(folder, "lilygo_t_can485") for folder in folders)
    assert first == second and len(first) > 50
    assert image_of(first, 2 << 20) == image_of(second, 2 << 20)


def test_one_slot_has_all_boards_and_only_what_a_board_can_run():
    folder = build_device()
    names = {path.name for path in (folder / "a" / "boards").iterdir() if path.is_dir()}
    assert names == set(boards.names())
    assert not (folder / "board").exists()
    # which processor its machine code is for, docs.micropython.org, "MicroPython .mpy files"
    assert {path.read_bytes()[2] >> 2 for path in folder.rglob("*.mpy")} == {0}


def test_every_board_has_room_for_its_files_and_an_update():
    folder = build_device()
    for name in boards.names():
        files = files_of(folder, name)
        assert files["/board"].decode() == name
    size = size_on(boards.board(name))
    assert len(image_of(files, size)) == size


@pytest.mark.parametrize("size", [64 << 10, 200 << 10])
def test_a_file_system_without_room_for_an_update_is_a_failure_that_says_so(size):
    files = files_of(build_device(), "lilygo_t_can485")
    with pytest.raises(Failure, match=rf"a file system of {size} bytes: "):
        image_of(files, size)


def test_the_table_says_what_has_changed_since_the_last_build_that_was_another(
    tmp_path, monkeypatch, capsys
):
    monkeypatch.setattr("amprail_tools.sizes.STORE", tmp_path)

    def shown(rows):
        report("b", rows, {})
        return [line.split() for line in capsys.readouterr().out.splitlines()[1:]]

    assert shown([("a", 10), ("b", 5)]) == [["10", "a"], ["5", "b"]]
    changed = [("a", 12), ("c", 5)]
    expected = [["12", "+2", "a"], ["5", "+5", "c"], ["0", "-5", "b"]]
    assert shown(changed) == expected
    assert shown(changed) == expected
    (tmp_path / "sizes.json").write_text("[]")
    assert shown(changed) == [["12", "a"], ["5", "c"]]
