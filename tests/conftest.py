"""What holds for every test: charts need no screen, and no key or address of this machine reaches a test."""

import os

collect_ignore = ["tuning/tiny_model.py"]  # a script for the Python that has the train extra
os.environ["MPLBACKEND"] = "Agg"
for name in [name for name in os.environ if name.startswith("OPENAI_")]:
    del os.environ[name]
