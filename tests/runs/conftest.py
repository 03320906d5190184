"""The stores that these tests run on: SQLite, and PostgreSQL where its server is installed. Certificates, which no test
needs, are loaded once and not for every client."""

import functools
from uuid import uuid4

import httpcore2
import pytest
from sqlalchemy import create_engine
from tests.runs.postgres import cluster

from promptceiling.runs import Workspace


@pytest.fixture(autouse=True, scope="session")
def certificates_once():
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(httpcore2, "default_ssl_context", functools.cache(httpcore2.default_ssl_context))
        yield


@pytest.fixture(scope="session")
def postgres():
    """A PostgreSQL server, started when it is first asked for."""
    with cluster() as url:
        yield url


@pytest.fixture
def database(postgres):
    """The URL of a part of the database that is empty: a schema of its own, which takes far less than a database."""
    name = f"t{uuid4().hex}"
    engine = create_engine(postgres, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.exec_driver_sql(f"CREATE SCHEMA {name}")
    engine.dispose()
    return f"{postgres}&options=-csearch_path%3D{name}"


@pytest.fixture(params=["sqlite", "postgresql"])
def store(request, tmp_path):
    """Where a workspace is kept, once as a folder and once as a PostgreSQL database."""
    return request.getfixturevalue("database") if request.param == "postgresql" else tmp_path


@pytest.fixture
def workspace(store):
    """A workspace in each kind of store."""
    with Workspace(store, durable=False) as opened:
        yield opened
