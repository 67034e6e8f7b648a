# A write of the settings that the power is cut in, at every step of it: the old file or the new.

from disk import Disk
from settings import files as store

OLD = b"o" * 600
NEW = b"n" * 700
PATH = "/site.json"


def _pieces():
    for _ in range(7):
        yield NEW[:100]


def _cut_after(steps):
    """What is on the disk after a write that was cut; the steps that it took, None if cut."""
    disk = Disk()
    with disk:
        store.write_file(disk.root + PATH, (OLD,))
    disk.cut_after(steps)
    with disk:
        try:
            store.write_file(disk.root + PATH, _pieces())
            cut = False
        except OSError:
            cut = True
    disk.power_on()
    with disk:
        with open_on(disk, disk.root + PATH) as file:
            return file.read(), cut, disk.names()


def open_on(disk, path):
    return disk.open(path, "rb")


def test_a_cut_at_any_step_leaves_the_old_file_or_the_new():
    seen = []
    for steps in range(200):
        content, cut, _ = _cut_after(steps)
        assert content in (OLD, NEW), "after {} steps: {}".format(steps, content[:40])
        seen.append(content == NEW)
        if not cut:
            break
    assert not cut and seen[-1]
    assert seen[0] is False and len(seen) > 3


def test_the_next_write_works_after_a_cut():
    for steps in (0, 2, 4):
        disk = Disk()
        with disk:
            store.write_file(disk.root + PATH, (OLD,))
        disk.cut_after(steps)
        with disk:
            try:
                store.write_file(disk.root + PATH, _pieces())
            except OSError:
                pass
        disk.power_on()
        with disk:
            store.write_file(disk.root + PATH, _pieces())
            with open_on(disk, disk.root + PATH) as file:
                assert file.read() == NEW
            assert disk.names() == ["site.json"]


def test_pieces_that_fail_leave_the_old_file_alone():
    def failing():
        yield NEW[:100]
        raise ValueError("a piece")

    disk = Disk()
    with disk:
        store.write_file(disk.root + PATH, (OLD,))
        try:
            store.write_file(disk.root + PATH, failing())
        except ValueError as error:
            assert str(error) == "a piece"
        with open_on(disk, disk.root + PATH) as file:
            assert file.read() == OLD
        assert disk.names() == ["site.json"]
