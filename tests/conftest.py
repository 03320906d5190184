"""What holds for every test: charts need no screen, and no key or address of this machine reaches a test."""

import os

from hypothesis import settings

settings.register_profile("untimed", parent=settings.default, deadline=None)  # how long a test takes is no failure
settings.load_profile("untimed")
collect_ignore = ["tuning/tiny_model.py"]  # a script for the Python that has the train extra
os.environ["MPLBACKEND"] = "Agg"
for name in [name for name in os.environ if name.startswith("OPENAI_")]:
    del os.environ[name]
