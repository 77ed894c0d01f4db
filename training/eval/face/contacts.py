"""Where lips touch that should not, sound by sound and at the edges of an utterance."""

from __future__ import annotations

from collections import defaultdict

from diffusiontalker.head import CLOSED_LIP_OPENING
from training.eval.face.clip import OPENING, Clip
from training.eval.scores_speech import APART, CONTACT_MARGIN_S, Share, silent_frames

EDGE_S = 0.15  # a contact this near to the start or the end of an utterance is one at its edge


def contact_scores(clips: list[Clip]) -> dict[str, float]:
    """edge_contacts: share of the false contacts whose phone lies within 0.15 s of the utterance's edge.
    touch_first_L, touch_first_S: share of the utterances that begin with that sound whose lips touch within it.
    shut_NAME: share of all tokens of an ARPAbet phone within which the lips touch; n_NAME: how many there are.
    rest_away: share of silent frames with closed lips, SILENCE_MARGIN_S or more from any phone."""
    edges, rest = Share(), Share()
    of_phone: dict[str, Share] = defaultdict(Share)
    first: dict[str, Share] = defaultdict(Share)
    for clip in clips:
        for name, start, end in clip.sounds:
            of_phone[name].add(_touches(clip, start, end))
        name, start, end = clip.sounds[0]
        first[name].add(_touches(clip, start, end))
        rest.add(clip.measures[silent_frames(clip.times, clip.phones), OPENING] < CLOSED_LIP_OPENING)
        for start, end in _false_contacts(clip):
            edges.add(start < clip.first_s + EDGE_S or end > clip.last_s - EDGE_S)
    out = {"edge_contacts": edges.rate, "n_false": edges.expected}
    for name in ("L", "S"):
        out |= {f"touch_first_{name}": first[name].rate, f"n_first_{name}": first[name].expected}
    for name, share in sorted(of_phone.items()):
        out |= {f"shut_{name}": share.rate, f"n_{name}": share.expected}
    return out | {"rest_away": rest.rate}


def _touches(clip: Clip, start: float, end: float) -> bool:
    """Whether the lips touch at any frame of a span."""
    return bool((clip.measures[clip.within(start, end), OPENING] < CLOSED_LIP_OPENING).any())


def _false_contacts(clip: Clip) -> list[tuple[float, float]]:
    """Spans of the phones of APART within which the lips touch, CONTACT_MARGIN_S from all phones that may close them.
    Silence does not count as one of these here: contacts at the edges are what is looked for."""
    others = [(s, e) for name, s, e in clip.sounds if name not in APART]
    found = []
    for name, start, end in clip.sounds:
        near = any(s < end + CONTACT_MARGIN_S and e > start - CONTACT_MARGIN_S for s, e in others)
        if name in APART and not near and _touches(clip, start, end):
            found.append((start, end))
    return found


def contact_shares(scores: dict[str, float]) -> list[tuple[str, float, int]]:
    """(phone, share shut, tokens) of contact_scores, for a table of all phones."""
    names = [k.removeprefix("shut_") for k in scores if k.startswith("shut_")]
    return [(name, scores[f"shut_{name}"], int(scores[f"n_{name}"])) for name in names]
