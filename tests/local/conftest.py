"""The local AWS for the tests of this folder: the one that is up, else one that is started and stopped."""

import os
from collections.abc import Iterator
from dataclasses import asdict

import boto3
import pytest

from local.__main__ import bring_up
from local.deployment import find_stack
from local.screen import Screen
from local.server import ACCESS_KEY, REGION, SECRET_KEY, Server, find_server, start_server, stop_server
from local.state import State
from local.tools import ensure_runtime
from tests.local.lake_client import LakeClient

PARAMETERS = {"TypeChangeGraceSeconds": "15"}  # that a change of types takes no minutes


@pytest.fixture(scope="session")
def state() -> State:
    """The state folder that `make up` uses too."""
    if "PYTEST_XDIST_WORKER" in os.environ:
        pytest.fail("the tests in tests/local share one local AWS: run them without -n")
    state = State()
    state.folder.mkdir(exist_ok=True)
    return state


@pytest.fixture(scope="session")
def server(state: State) -> Iterator[Server]:
    """A running LocalEmu, not necessarily with anything deployed."""
    running = find_server(state)
    if running:
        yield running
        return
    ensure_runtime(state, print)
    yield start_server(state)
    stop_server(state)


@pytest.fixture(scope="session")
def stack(server: Server, state: State) -> dict[str, str]:
    """What stack.json says of the deployed stack; deployed once for all tests where it is not up."""
    return asdict(find_stack(server, state) or bring_up(state, Screen(), PARAMETERS)[1])


@pytest.fixture(scope="session")
def lake(stack: dict[str, str]) -> LakeClient:
    """The deployed stack as its users see it."""
    return LakeClient(stack)


@pytest.fixture(scope="session")
def session() -> boto3.Session:
    """A boto3 session with the deployer's keys."""
    return boto3.Session(ACCESS_KEY, SECRET_KEY, region_name=REGION)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Let the clients come last: they read the tables that the other tests have made."""
    items.sort(key=lambda item: item.path.name == "test_clients.py")
