import shutil

import pytest

from syncd.store.store import Store


@pytest.fixture(scope="session")
def empty_file(tmp_path_factory):
    """A migrated file to copy: migrating takes longer than most tests here."""
    path = tmp_path_factory.mktemp("store") / "empty.db"
    Store.open(path).close()
    return path


@pytest.fixture
def path(empty_file, tmp_path):
    return shutil.copy(empty_file, tmp_path / "syncd.db")


@pytest.fixture
def file_store(path):
    opened = Store.open(path)
    yield opened
    opened.close()


@pytest.fixture(params=["memory", "file"])
def store(request):
    """An empty store; both kinds must behave the same."""
    if request.param == "file":
        yield request.getfixturevalue("file_store")
        return
    opened = Store.open(":memory:")
    yield opened
    opened.close()
