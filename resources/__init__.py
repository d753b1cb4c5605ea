"""Files that ship with the program: icons, theme tokens, sample data, trained models."""

from pathlib import Path

FOLDER = Path(__file__).parent
