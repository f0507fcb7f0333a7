"""The page's own words in English and Japanese. A chart keeps its words beside itself, through `Say`."""

from __future__ import annotations

from collections.abc import Callable

LANGUAGES = ("en", "ja")

Say = Callable[[str, str], str]


def say_in(lang: str) -> Say:
    """A function that picks one of two texts, English and Japanese.

    >>> say_in("ja")("spread", "広がり")
    '広がり'
    """
    return lambda english, japanese: japanese if lang == "ja" else english


_CHROME: dict[str, tuple[str, str]] = {
    "contents": ("Contents", "目次"),
    "answer": ("Answer", "答え"),
    "evidence": ("Evidence", "根拠"),
    "more": ("More to see", "さらに詳しく"),
    "controls": ("Controls", "対照"),
    "controls_lead": (
        "What could have produced the same picture without the cause that is claimed, and what was done about it.",
        "主張する原因がなくても同じ結果になりうる場合と、その対策。",
    ),
    "runs": ("All runs", "すべての学習"),
    "runs_lead": (
        "Every model behind this page. Click a heading to sort; a run's name leads to its learning curves.",
        "このページの元になった全モデル。見出しで並べ替え、名前から学習曲線へ。",
    ),
    "terms": ("What the numbers mean", "数値の意味"),
    "done": ("How it was done", "方法"),
    "references": ("References", "参考文献"),
    "warnings": ("Before you read on", "読む前に"),
    "supported": ("Supported", "支持"),
    "refuted": ("Refuted", "否定"),
    "undecided": ("Undecided", "未決"),
    "decide": ("What would decide it", "決着に必要なもの"),
    "test": ("The test", "検定"),
    "claimed_at": ("claimed", "主張"),
    "no_effect": ("no effect", "効果なし"),
    "same": ("as good as none", "無いに等しい"),
    "copy": ("Copy", "コピー"),
    "copied": ("Copied", "コピーしました"),
    "show_all": ("Open all", "すべて開く"),
    "command": ("The command that repeats it", "同じ結果を得るコマンド"),
    "recipe": ("The recipe that all others start from", "基準となる学習レシピ"),
    "data": ("Data", "データ"),
    "plan": ("Plan", "計画"),
    "versions": ("Versions and time", "版と時間"),
    "none_here": ("The table behind this section is missing or empty.", "この節の元になる表がないか、空です。"),
    "no_verdicts": ("No verdicts were written yet.", "判定はまだありません。"),
    "family_key": ("shape: how well it generalises", "形: 汎化の良さ"),
    "stressed_key": ("colour: stress", "色: ストレス"),
    "extremes_key": ("shape: how well it generalises", "形: 汎化の良さ"),
    "happy": ("generalises best", "汎化が良い"),
    "middle": ("between", "中間"),
    "unhappy": ("generalises worst", "汎化が悪い"),
    "stress_key": ("colour: stress", "色: ストレス"),
    "activation_key": ("colour: activation", "色: 活性化関数"),
    "arm_key": ("colour and shape: setting", "色と形: 設定"),
    "later_key": ("colour and shape: arm", "色と形: 条件"),
    "earlier_key": ("colour and shape: arm", "色と形: 条件"),
    "moment_key": ("shape: moment", "形: 時点"),
    "phase_key": ("colour and shape: foretold phase", "色と形: 予測された相"),
    "class_key": ("colour: class", "色: クラス"),
    "split_key": ("colour: split", "色: 分割"),
    "depth_key": ("shape: depth", "形: 深さ"),
    "outcome_key": ("shape: outcome", "形: 結果"),
    "error_key": ("colour and shape: outcome", "色と形: 結果"),
    "group_key": ("colour: group", "色: グループ"),
    "set_key": ("colour: set", "色: セット"),
    "under_key": ("colour and shape: where it was lost", "色と形: 低下した条件"),
    "followed_key": ("colour: whom the model follows", "色: 従う相手"),
    "none": ("no stress", "ストレスなし"),
    "fork": ("other chance only", "偶然のみ変更"),
    "activation": ("activation swapped", "活性化関数を交換"),
    "loss": ("loss swapped", "損失を交換"),
    "both": ("both swapped", "両方を交換"),
    "label": ("label", "正解"),
    "predicted": ("predicted", "予測"),
    "moved": ("moved", "移動"),
    "flipped": ("changed", "変化"),
    "models": ("models", "モデル"),
    "run": ("run", "学習"),
    "condition": ("condition", "条件"),
    "range": ("range", "範囲"),
    "better": ("better", "良い向き"),
    "higher": ("higher is better", "高いほど良い"),
    "lower": ("lower is better", "低いほど良い"),
    "context": ("neither direction is better in itself", "向きに良し悪しはない"),
    "example": ("by hand", "手計算の例"),
    "listed": ("{n} models in the marked area", "選択範囲のモデル {n} 件"),
    "footer": (
        "Made by assay {version} from the tables in this file's folder. The page is complete and loads nothing.",
        "assay {version} が同じフォルダの表から作成。このページは単体で完結し、何も読み込みません。",
    ),
    "inside": ("inside", "内容"),
    "intervals": (
        "Intervals are {level} intervals over models.",
        "区間はモデル間の {level} 区間です。",
    ),
    "report": ("Report", "レポート"),
    "try_next": ("Worth trying next", "次に試すとよいコマンド"),
    "finished": ("finished", "完了"),
    "chart_needs_script": ("The chart in words:", "図の内容:"),
}


def chrome(lang: str) -> dict[str, str]:
    """The page's own words in one language.

    >>> chrome("ja")["refuted"]
    '否定'
    """
    return {key: texts[LANGUAGES.index(lang)] for key, texts in _CHROME.items()}
