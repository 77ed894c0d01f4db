"""Teeth and tongue of rendered faces in millimetres: lip on teeth for f and v, tongue there, teeth that show."""

from __future__ import annotations

import numpy as np

from diffusiontalker.head import incisors_seen, lip_on_incisors, load_head, tongue_tip
from training.eval.face.clip import OPENING, Clip
from training.eval.scores_speech import Share

LABIODENTAL = ("F", "V")
TONGUE_PHONES = {"TH": ("TH", "DH"), "L": ("L",), "N": ("N",)}
TEETH_PHONES = ("EH", "AY", "EY", "S")
# A lip is at the teeth, and a tongue at them, within this; a tongue is seen when this much of it shows.
LIP_AT_TEETH_MM, TONGUE_AT_TEETH_MM, TONGUE_SEEN_MM = 1.5, 2.0, 1.0
_SLACK_S = 0.03  # a contact may fall this far outside its phone


def inside_scores(clips: list[Clip]) -> dict[str, float]:
    """fv_distance_mm: of the incisor edge from the lower lip, at the moment of an f or v at which it is least, median.
    fv_height_mm, fv_opening: height of the lip above the edge, and the lip opening, then, medians.
    fv_at_teeth: share of f and v whose lip comes within 1.5 mm.
    incisors_NAME_mm: height of the upper incisors that shows at the phone's middle, median; incisors_mm: EH AY EY S.
    tongue_NAME: share of TH and DH, L, N in which the tongue comes within 2 mm of the incisors while 1 mm of it shows.
    tongue_NAME_mm: least distance, median.   tongue_NAME_seen_mm: most that shows, median.
    """
    fv: list[tuple[float, float, float]] = []
    teeth: dict[str, list[float]] = {name: [] for name in TEETH_PHONES}
    tongue: dict[str, list[tuple[float, float]]] = {name: [] for name in TONGUE_PHONES}
    at_teeth = {name: Share() for name in TONGUE_PHONES}
    class_of = {phone: name for name, phones in TONGUE_PHONES.items() for phone in phones}
    head = load_head()
    for clip in clips:
        if clip.weights is None:
            continue
        height, distance = lip_on_incisors(head, clip.weights)
        seen, (tip, shows) = incisors_seen(head, clip.weights), tongue_tip(head, clip.weights)
        for name, start, end in clip.sounds:
            inside = clip.within(start - _SLACK_S, end + _SLACK_S)
            if name in LABIODENTAL:
                k = np.flatnonzero(inside)[np.argmin(distance[inside])]
                fv.append((distance[k], height[k], clip.measures[k, OPENING]))
            if name in teeth:
                teeth[name].append(float(np.interp((start + end) / 2, clip.times, seen)))
            if name in class_of:
                both = (tip[inside] <= TONGUE_AT_TEETH_MM) & (shows[inside] >= TONGUE_SEEN_MM)
                at_teeth[class_of[name]].add(bool(both.any()))
                tongue[class_of[name]].append((tip[inside].min(), shows[inside].max()))
    out: dict[str, float] = {}
    if fv:
        found = np.array(fv)
        out = dict(
            zip(("fv_distance_mm", "fv_height_mm", "fv_opening"), np.median(found, axis=0).tolist(), strict=True)
        )
        out |= {"fv_at_teeth": float((found[:, 0] <= LIP_AT_TEETH_MM).mean()), "n_fv": len(fv)}
    for name, values in teeth.items():
        if values:
            out[f"incisors_{name}_mm"] = float(np.median(values))
    if any(teeth.values()):
        out["incisors_mm"] = float(np.median([value for values in teeth.values() for value in values]))
    for name, pairs in tongue.items():
        if pairs:
            least, most = np.median(pairs, axis=0).tolist()
            out |= {f"tongue_{name}": at_teeth[name].rate, f"tongue_{name}_mm": least, f"tongue_{name}_seen_mm": most}
            out[f"n_tongue_{name}"] = len(pairs)
    return out
