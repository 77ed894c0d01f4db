"""Languages that the corpus speaks besides English, by code (ISO 639; README.md beside this file)."""

from training.corpus.languages.language import Language
from training.corpus.languages.table import LANGUAGES

ENGLISH = "en"
LANGUAGE_CODES = (ENGLISH, *LANGUAGES)

__all__ = ["ENGLISH", "LANGUAGES", "LANGUAGE_CODES", "Language"]
