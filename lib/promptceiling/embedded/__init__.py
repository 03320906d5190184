"""The embedded model: a small in-context learner behind the OpenAI protocol, for work without a key.

Its scores are its own and never an LLM's. Nothing in the library calls it but through the protocol.
"""

from promptceiling.embedded.server import MODEL, create_app

__all__ = ["MODEL", "create_app"]
