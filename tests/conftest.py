"""What holds for every test: charts need no screen, no key or address of this machine reaches a test, and what a test
starts can be interrupted."""

import os
import signal

from hypothesis import settings

settings.register_profile("untimed", parent=settings.default, deadline=None)  # how long a test takes is no failure
settings.load_profile("untimed")
collect_ignore = ["tuning/tiny_model.py"]  # a script for the Python that has the train extra
os.environ["MPLBACKEND"] = "Agg"
for name in [name for name in os.environ if name.startswith("OPENAI_")]:
    del os.environ[name]
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:  # started in the background, which children would inherit
    signal.signal(signal.SIGINT, lambda *_: None)  # is as deaf, and no child inherits it
LONGEST = ("tests/browser/", "tests/notebooks/", "tests/test_readme.py")  # their files take a minute or more


def pytest_collection_modifyitems(items):
    """The longest files come first, so that no worker waits for another at the end."""
    items.sort(key=lambda item: not item.nodeid.startswith(LONGEST))
