"""The tables of the scores of a face: one per subject, with what is wanted of each number."""

from __future__ import annotations

from dataclasses import dataclass

from diffusiontalker.head import LIP_MEASURES
from training.eval.face.contacts import contact_shares
from training.eval.report import Column, Row, markdown_table

_SIDES = ("stretch", "smile", "upper")


@dataclass(frozen=True)
class Table:
    """notes: sentences below it."""

    title: str
    columns: list[Column]
    notes: tuple[str, ...] = ()

    def text(self, rows: list[Row]) -> str:
        """Markdown with the rows that have any of its numbers; "" when none has."""
        rows = [row for row in rows if any(c.cell(row) != "-" for c in self.columns)]
        if not rows:
            return ""
        notes = "".join(f"- {note}\n" for note in self.notes)
        return f"## {self.title}\n\n{markdown_table(rows, self.columns)}\n{notes}"


def _of_measures(kind: str, form: str = ".2f", names: tuple[str, ...] = LIP_MEASURES) -> list[Column]:
    return [Column(f"{kind}_{name}", name, form) for name in names]


SIZE = Table(
    "Size: travel against real faces",
    [Column("opening_p95", "opening, p95", ".2f"), *_of_measures("travel")],
    (
        "Ratios to the tracked faces of the same recordings: 1 is the size of a real mouth (wanted: opening 0.85 to "
        "1.15, the others 0.8 to 1.2).",
        "Travel: 5th to 95th percentile of a whole recording. opening, p95: 95th percentile within speech.",
    ),
)
ABSOLUTE = Table(
    "Size in outer-canthal distances",
    [Column("abs_opening_p95", "opening, p95"), *_of_measures("abs_travel", ".3f")],
    ("One outer-canthal distance is that of the outer eye corners, 87.9 mm on the built-in head. 0.01 is 0.9 mm.",),
)
WITHIN = Table(
    "Size within speech, against real faces",
    _of_measures("size"),
    ("5th to 95th percentile from the first phone to the last, ratio to the tracked faces.",),
)
SPEED = Table(
    "Speed within speech, against real faces",
    [*_of_measures("speed"), *(Column(f"fast_{n}", f"{n} > 3 Hz", ".2f") for n in ("opening", "width", "upper"))],
    (
        "Ratios to the tracked faces of the mean absolute speed, and of the root mean square of what is quicker than "
        "3 Hz. Both sides at the camera's rate.",
    ),
)
SHAPE = Table(
    "Shape: correlation with tracked faces, and the shape of p/b/m",
    [
        *(Column(f"r_{name}", f"r {name}", ".2f") for name in LIP_MEASURES),
        *(Column(f"bilabial_{n}", f"p/b/m {n}", "+.3f") for n in ("width", "upper", "lower", "chin")),
    ],
    (
        "r: mean over recordings, from 0.1 s before the first phone to 0.1 s after the last (wanted: opening 0.77, "
        "width 0.45, upper 0.35). The depth of tracked lips is the tracker's guess: protrusion is the weakest.",
        "p/b/m: median at the phone's middle less the recording's rest, outer-canthal distances. Real lips narrow "
        "(width below 0), the upper lip and the jaw come down (above 0).",
    ),
)
TIMING = Table(
    "Timing, and each face at its best",
    [
        Column("onset_ms", "onset, ms", "+.0f"), Column("onset_low_ms", "onset, p25", "+.0f"),
        Column("onset_high_ms", "onset, p75", "+.0f"), Column("best_r", "best r", ".3f"),
        Column("best_lag_ms", "at lag, ms", "+.0f"), Column("error", "error", ".4f"),
        Column("best_error", "best error", ".4f"), Column("best_gain", "at gain", ".1f"),
        Column("undelayed_r", "r, sound undelayed", ".3f"),
    ],
    (
        "Onset: when the opening first passes 30 % of the way from rest to its 95th percentile, looked for from 0.5 s "
        "before the first phone on; below 0: before the sound (wanted: -200 to -80).",
        "best r: correlation of openings at the best constant lag of -0.3 to 0.3 s; above 0: the motion is late. "
        "error: mean absolute difference of openings in outer-canthal distances, as it is and at the best lag and "
        "gain.",
        "r, sound undelayed: with the motion late by the profile's latency, for streaming.",
    ),
)  # fmt: skip
CONTACTS = Table(
    "Contacts",
    [
        Column("edge_contacts", "false contacts at edges", percent=True),
        Column("shut_L", "L shut", percent=True, count="n_L"), Column("shut_S", "S shut", percent=True, count="n_S"),
        Column("shut_TH", "TH shut", percent=True, count="n_TH"), Column("shut_T", "T shut", percent=True, count="n_T"),
        Column("shut_EH", "EH shut", percent=True, count="n_EH"),
        Column("touch_first_L", "first L", percent=True, count="n_first_L"),
        Column("touch_first_S", "first S", percent=True, count="n_first_S"),
        Column("rest_away", "rest, away", percent=True),
    ],
    (
        "Shut: the lips touch (opening below 0.03 outer-canthal distances) at some moment of the phone. First: of the "
        "utterances that begin with it. Below stands the share of every phone.",
        "False contacts at edges: share of the false contacts that lie within 0.15 s of the start or end of an "
        "utterance (wanted: at most 40 %). Rest, away: closed lips in silence, 0.2 s or more from any phone.",
    ),
)  # fmt: skip
INSIDE = Table(
    "Teeth and tongue",
    [
        Column("fv_distance_mm", "f/v: lip to teeth, mm", ".1f", count="n_fv"),
        Column("fv_height_mm", "f/v: lip over edge, mm", "+.1f"), Column("fv_opening", "f/v: opening", ".3f"),
        Column("fv_at_teeth", "f/v at teeth", percent=True), Column("incisors_mm", "teeth seen, mm", ".1f"),
        Column("incisors_EH_mm", "EH", ".1f"), Column("incisors_S_mm", "S", ".1f"),
        Column("tongue_TH", "TH tongue at teeth", percent=True, count="n_tongue_TH"),
        Column("tongue_L", "L", percent=True, count="n_tongue_L"),
        Column("tongue_N", "N", percent=True, count="n_tongue_N"),
        Column("tongue_TH_mm", "TH: tip to teeth, mm", ".1f"), Column("tongue_L_mm", "L, mm", ".1f"),
    ],
    (
        "f/v: at the moment when the lower lip is nearest to the edge of the upper incisors; at teeth: within 1.5 mm "
        "(wanted: opening 0.01 to 0.03, at the teeth). Teeth seen: upper incisors on EH AY EY S, at the phone's "
        "middle (wanted: 3).",
        "Tongue at teeth: within 2 mm of the upper incisors while 1 mm of it shows between the lips.",
    ),
)  # fmt: skip
LIFE = Table(
    "Life",
    [
        *(Column(f"sides_{name}", f"sides r, {name}") for name in _SIDES),
        Column("dead_channels", "dead channels", ".0f"), Column("take_lips_mm", "two seeds, mm", ".3f"),
        Column("take_closure", "closed in the other", percent=True),
        Column("energy_distance", "energy distance"), Column("energy_one_take", "energy, one take"),
        Column("energy_score", "energy score"), Column("accent_brows_r", "brows at accents r", ".2f"),
        Column("accent_head_r", "head at accents r", ".2f"), Column("headPitch_sd_deg", "pitch sd", ".1f"),
        Column("headYaw_sd_deg", "yaw sd", ".1f"), Column("headRoll_sd_deg", "roll sd", ".1f"),
    ],
    (
        "Sides r: correlation of the left and the right channel within speech (wanted: 0.85 to 0.98). Dead: channels "
        "that no recording moves. Two seeds: mean distance of the lips (wanted: 0.15 mm or more).",
        "Energy: windows of 0.5 s of opening, width, upper lip, chin and their speeds against real ones; lower is "
        "better (training/eval/face/energy.py). Energy score: of two takes of 30 recordings; one take: the plain "
        "distance of the first.",
        "Accents: peaks of the voice's pitch (training/eval/face/pitch.py); wanted 0.3 or more.",
    ),
)  # fmt: skip
MOODS = Table(
    "Moods against neutral, mm",
    [
        *(
            Column(f"mood_{mood}_{part}_mm", f"{mood} {part.replace('_', ' ')}", "+.1f")
            for mood in ("happy", "sad", "angry", "surprised")
            for part in ("corners", "brow_inner", "brow_outer")
        ),
        Column("mood_bend", "bend", percent=True),
    ],
    (
        "Height of the mouth corners and of the inner and outer brows over the same speech in neutral, strength 1 "
        "(wanted: 3 mm where the mood shows). Bend: largest miss of a straight line at strengths 0.25, 0.5 and 0.75.",
    ),
)
NOISE = Table(
    "Other sounds",
    [
        Column("babble_r", "r in babble, 5 dB", ".2f"),
        Column("babble_rest", "rest in babble alone", percent=True),
        Column("effort_scream", "scream / speech", ".2f"), Column("effort_sung", "sung / speech", ".2f"),
        Column("telephone_distance", "telephone / people", ".2f", count="n_people"),
    ],
    (
        "Babble: six voices of the other recordings, mixed in at 5 dB (r: opening against the clean sound; wanted "
        "0.7), and alone at -26 dBFS (wanted: 95 % of the frames with closed lips).",
        "Scream, sung: widest opening of made sounds (training/eval/face/effort.py) over that of speech (wanted: "
        "above 1.5).",
        "Telephone: distance of the styles of 300 to 3400 Hz and of the whole band, over the "
        "distance between people (wanted: below 0.4).",
    ),
)  # fmt: skip
TABLES = (SIZE, ABSOLUTE, WITHIN, SPEED, SHAPE, TIMING, CONTACTS, INSIDE, LIFE, MOODS, NOISE)


def phone_contacts(rows: list[Row], fewest: int = 8) -> str:
    """Markdown: share of the tokens of every phone within which the lips touch; phones of `fewest` tokens or more."""
    shares = [contact_shares(row.scores) for row in rows]
    shown = [
        (row, {name: share for name, share, n in of_row if n >= fewest})
        for row, of_row in zip(rows, shares, strict=True)
    ]
    shown = [(row, of_row) for row, of_row in shown if of_row]
    if not shown:
        return ""
    columns = [Column(f"shut_{name}", name, percent=True) for name in sorted(shown[0][1])]
    half = (len(columns) + 1) // 2
    named = [row for row, _ in shown]
    return "## Lips touch within a phone\n\n" + "\n".join(
        markdown_table(named, columns[i : i + half]) for i in (0, half) if columns[i : i + half]
    )


def all_tables(rows: list[Row]) -> str:
    """All tables that have a number, as Markdown."""
    texts = [*(table.text(rows) for table in TABLES), phone_contacts(rows)]
    return "\n".join(text for text in texts if text)
