"""What a study was not given, so that some claims cannot be judged whatever the runs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from assay.studies.phrases import NOTHING
from assay.studies.study import Judged, Text


@dataclass(frozen=True)
class Gap:
    """Something that was not given, the claims that need it, and what to give."""

    claims: tuple[str, ...]
    sentence: Text
    remedy: Text

    @property
    def warning(self) -> Text:
        """Both in one."""
        return {
            lang: f"{self.sentence[lang]}{' ' if lang == 'en' else ''}{self.remedy[lang]}" for lang in self.sentence
        }


def to_give(gaps: Sequence[Gap]) -> dict[str, Text]:
    """What to give, by the claim that cannot be judged without it."""
    return {claim: gap.remedy for gap in gaps for claim in gap.claims}


def said(judged: Mapping[str, Judged], gaps: Sequence[Gap]) -> dict[str, Judged]:
    """The claims without what cannot be judged: in place of an estimate, and of more seeds, what is lacking."""
    found = dict(judged)
    for gap in gaps:
        for claim in gap.claims:
            found[claim] = replace(found[claim], estimate=NOTHING, parts={}, sentence=gap.sentence, lacking=gap.remedy)
    return found
