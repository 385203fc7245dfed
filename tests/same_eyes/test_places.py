"""Where things lie, in a checkout and outside one."""

from pathlib import Path

import platformdirs

from same_eyes import places


def test_a_checkout_holds_its_leaves_beside_the_package(monkeypatch):
    monkeypatch.delenv("SAME_EYES_WORK", raising=False)
    home = Path(__file__).resolve().parents[2]
    assert home == places.CHECKOUT
    assert places.leaf("expected") == home / "expected"
    assert places.work() == home / "runs"


def test_an_installed_package_holds_them_inside(monkeypatch):
    monkeypatch.delenv("SAME_EYES_WORK", raising=False)
    monkeypatch.setattr(places, "CHECKOUT", None)
    assert places.leaf("expected") == places.PACKAGE / "expected"
    assert places.work() == Path(platformdirs.user_cache_dir("same-eyes")) / "runs"


def test_the_environment_chooses_the_working_folder(monkeypatch, tmp_path):
    monkeypatch.setenv("SAME_EYES_WORK", str(tmp_path))
    assert places.work() == tmp_path
    monkeypatch.setenv("SAME_EYES_WORK", "")
    assert places.work() == places.CHECKOUT / "runs"
