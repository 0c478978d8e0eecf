"""Encrypt, check and query tables from pandas and pyarrow, through the `sealroom` command."""

from .cli import find_command
from .errors import SealroomError, SealroomWarning
from .queries import Verdict, check, query
from .tables import Suggestion, decrypt, encrypt, normalise, suggest

__all__ = [
    "SealroomError",
    "SealroomWarning",
    "Suggestion",
    "Verdict",
    "check",
    "decrypt",
    "encrypt",
    "find_command",
    "normalise",
    "query",
    "suggest",
]
