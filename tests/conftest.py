"""What tests of several rooms share: one real stack for the whole run."""

from collections.abc import Iterator

import pytest

from stream_contracts.trial.session import Session, Settings


@pytest.fixture(scope="session")
def session(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Session]:
    """A session with a broker that is started at first need."""
    with Session(Settings(keep_in=tmp_path_factory.mktemp("kept")), lambda _: None) as opened:
        yield opened
