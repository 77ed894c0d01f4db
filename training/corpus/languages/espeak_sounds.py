"""All sounds that an installed espeak-ng can report for a language, read from its compiled phoneme tables.

Format of `phontab` (espeak-ng 1.51, src/libespeak-ng/synthdata.c, LoadPhData): one byte that counts the tables, three
of padding; per table a header of 4 bytes (number of sounds, number of the table it extends counted from 1) and a name
of 32 bytes, then 16 bytes a sound: mnemonic (4), flags (4), program (2), code, type and four more of one byte each.
"""

import ctypes.util
import struct
from dataclasses import dataclass
from pathlib import Path

from training.corpus.engines.base import EngineMissing

# Numbers of phoneme.h.
_STRESS, _VIRTUAL, _DELETED, _INVALID = 1, 9, 14, 15
_NASAL, _STOP, _VOICED_STOP = 8, 4, 5
_SWITCH = "_\x01"  # to another voice; its event carries the voice's name instead
_PLACE_SHIFT, _BILABIAL, _LABIODENTAL = 16, 1, 2
_FOLDERS = (
    "/usr/lib/*/espeak-ng-data",
    "/usr/lib*/espeak-ng-data",
    "/usr/share/espeak-ng-data",
    "/usr/local/share/espeak-ng-data",
)


@dataclass(frozen=True)
class Sound:
    """mnemonic: what the phoneme event carries.   seals: lips meet fully.   labiodental: lip on teeth."""

    mnemonic: str
    seals: bool
    labiodental: bool


def data_folder() -> Path:
    """espeak-ng's data. Raises EngineMissing when there is none."""
    if ctypes.util.find_library("espeak-ng") is not None:
        for pattern in _FOLDERS:
            for folder in sorted(Path("/").glob(pattern[1:])):
                if (folder / "phontab").is_file():
                    return folder
    raise EngineMissing("espeak: its voice data is missing; apt-get install espeak-ng")


def _tables(path: Path) -> dict[str, tuple[int, dict[int, tuple[str, int, int]]]]:
    """Table name -> (number of the table it extends, sounds by code: mnemonic, flags, type)."""
    data, tables, place = path.read_bytes(), {}, 4
    for _ in range(data[0]):
        n_sounds, extends = data[place], data[place + 1]
        name = data[place + 4 : place + 36].split(b"\0")[0].decode("ascii")
        place += 36
        sounds = {}
        for _ in range(n_sounds):
            mnemonic, flags, _, code, kind = struct.unpack_from("<4sIHBB", data, place)
            sounds[code] = (mnemonic.rstrip(b"\0").decode("latin-1"), flags, kind)
            place += 16
        tables[name] = (extends, sounds)
    return tables


def sounds_of(table: str) -> list[Sound]:
    """Every sound of a phoneme table and of those it extends, stress marks and sounds never spoken left out.

    table: name as in the `phonemes` line of a voice file, usually its language.   Raises KeyError for an unknown one.
    """
    tables = _tables(data_folder() / "phontab")
    names = list(tables)
    chain = [table]
    while (extends := tables[chain[-1]][0]) > 0:
        chain.append(names[extends - 1])
    merged: dict[int, tuple[str, int, int]] = {}
    for name in reversed(chain):
        merged |= tables[name][1]
    found = []
    for mnemonic, flags, kind in merged.values():
        if kind in (_STRESS, _VIRTUAL, _DELETED, _INVALID) or mnemonic == _SWITCH:
            continue
        place = (flags >> _PLACE_SHIFT) & 15
        stops = kind in (_NASAL, _STOP, _VOICED_STOP)
        found.append(Sound(mnemonic, place == _BILABIAL and stops, place == _LABIODENTAL))
    return sorted(found, key=lambda sound: sound.mnemonic)


def table_of(voice: str) -> str:
    """Phoneme table of an espeak voice such as "pt-br": that of its voice file, else the language of its name.

    Raises KeyError for a voice that espeak lacks.
    """
    for path in sorted((data_folder() / "lang").rglob("*")):
        if not path.is_file():
            continue
        lines = [line.split() for line in path.read_text("utf-8", "replace").splitlines() if line.strip()]
        languages = [words[1] for words in lines if words[0] == "language"]
        if voice in languages:
            named = [words[1] for words in lines if words[0] == "phonemes"]
            return named[0] if named else voice.split("-")[0]
    raise KeyError(voice)
