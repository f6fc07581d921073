"""What tests of several rooms share: the user's cache of jars, and one real stack for the whole run."""

import os
from collections.abc import Iterator

import pytest

from stream_contracts.stack.home import cache_home
from stream_contracts.stack.model import Stack
from stream_contracts.trial.session import Session, Settings

# pytester gives each of its runs a home of its own; without this every one of them would fetch Kafka anew
os.environ["STREAM_CONTRACTS_CACHE"] = str(cache_home())


@pytest.fixture(scope="session")
def session(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Session]:
    """A session with a broker that is started at first need."""
    with Session(Settings(keep_in=tmp_path_factory.mktemp("kept")), lambda _: None) as opened:
        yield opened


@pytest.fixture(scope="session")
def stack(session: Session) -> Stack:
    """The session's broker, for tests that make topics of their own on it."""
    return session.servers.stack()
