"""What holds for every test here: certificates, which no test needs, are loaded once and not for every client."""

import functools

import httpcore2
import pytest


@pytest.fixture(autouse=True, scope="session")
def certificates_once():
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(httpcore2, "default_ssl_context", functools.cache(httpcore2.default_ssl_context))
        yield
