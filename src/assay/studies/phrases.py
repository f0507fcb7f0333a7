"""Words and numbers that every study says in the same way, in English and Japanese."""

from __future__ import annotations

from dataclasses import replace
from math import exp, isfinite

import numpy as np
import pandas as pd

from assay.maths.statistics import Estimate
from assay.studies.study import Text, text

MINUS = "\N{MINUS SIGN}"
# The estimate where there is nothing to estimate from.
NOTHING = Estimate(effect=np.nan, low=np.nan, high=np.nan, p=1.0, n=0, level=0.95, detail={})
TOO_FEW = text(
    "There are too few finished runs to put a figure on it.", "完了した学習が少なすぎるため、数値を示せません。"
)
OPEN = text(
    "Not decided: neither rely on it nor rule it out.",
    "未判定です。これを根拠にも否定の理由にもしないでください。",
)


def as_ratio(estimate: Estimate) -> Estimate:
    """An estimate of a log ratio as a ratio."""
    return replace(estimate, effect=exp(estimate.effect), low=exp(estimate.low), high=exp(estimate.high))


def known(estimate: Estimate) -> bool:
    """Whether effect and interval are numbers."""
    return all(isfinite(v) for v in (estimate.effect, estimate.low, estimate.high))


def number(value: float) -> str:
    """A figure to the precision that people read.

    >>> number(1.234), number(12.34), number(1234.5)
    ('1.23', '12.3', '1234')
    """
    shown = f"{value:.2f}" if abs(value) < 10 else f"{value:.1f}" if abs(value) < 100 else f"{value:.0f}"
    return shown.replace("-", MINUS)


def percent(share: float) -> str:
    """A share in percent.

    >>> percent(0.414)
    '41 %'
    """
    return f"{100 * share:.0f} %".replace("-", MINUS)


def mishaps(runs: pd.DataFrame) -> list[Text]:
    """What went wrong in training is a result, and is said: runs that diverged, and runs that learned nothing.

    ``runs``: rows of ``runs.csv``; ``answered``, where it is there: classes that a model ever answers on val.
    """
    return [*_diverged(runs), *_one_answer(runs)]


def _where(bad: pd.DataFrame) -> str:
    return ", ".join(f"{name} ({n})" for name, n in bad.groupby("condition", sort=False).size().items())


def _one_answer(runs: pd.DataFrame) -> list[Text]:
    bad = runs[runs.answered == 1] if "answered" in runs else runs[:0]
    if bad.empty:
        return []
    return [
        text(
            f"{len(bad)} of {len(runs)} models answer one class for every validation input: they learned nothing, or "
            f"what was done to them undid it. Verdicts that rest on these conditions say little: {_where(bad)}. What "
            "can help: where classes are unequal, batches balanced by class (--set 'sampler={kind: balanced}'); where "
            "training did not get going, another optimiser (--set optimiser.name=adam --set optimiser.lr=3e-3) or more "
            "epochs; under attack, a smaller radius.",
            f"{len(runs)}件中{len(bad)}件のモデルは、すべての検証入力に同じクラスを答えます（学習が進んでいないか、加えた変更で"
            f"失われた状態）。これらの条件に基づく判定は参考になりません：{_where(bad)}。対策の候補：クラスが不均衡なら"
            "均等なバッチ（--set 'sampler={kind: balanced}'）、学習が進まないなら別の最適化手法"
            "（--set optimiser.name=adam --set optimiser.lr=3e-3）やエポックの追加、攻撃下では半径の縮小。",
        )
    ]


def _diverged(runs: pd.DataFrame) -> list[Text]:
    bad = runs[runs.status != "finished"]
    if bad.empty:
        return []
    where = _where(bad)
    return [
        text(
            f"{len(bad)} of {len(runs)} runs stopped because their loss was no longer a number: {where}.",
            f"{len(runs)}件中{len(bad)}件の学習は、損失が数値でなくなったため停止しました：{where}。",
        )
    ]
