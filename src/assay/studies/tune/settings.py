"""What a search is: data, goals, constraints, space, rules; a spec, so its settings are its identity."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.util import find_spec
from typing import Any

from pydantic import Field

from assay.core.errors import BadInput
from assay.core.spec import Number, Spec, override
from assay.data import Dataset
from assay.lab import Source
from assay.studies.frontier.ends import attack_of
from assay.studies.overfitting.look import Ball
from assay.studies.study import suited
from assay.studies.tune.figures import figure
from assay.studies.tune.goals import Constraint, Goal, parse_constraint, parse_goals
from assay.studies.tune.rules import RULES, Rule, understand
from assay.studies.tune.space import Space
from assay.train import Recipe

OWN = ("space.", "rules.", "tune.")  # what --set may begin with besides the recipe's fields


class Tune(Spec):
    """Settings of a search. ``seed`` addresses the sampler's draws; ``pruning`` ends hopeless trials early."""

    data: str
    regroup: bool = False
    split_seed: int = Field(0, ge=0)
    recipe: Recipe
    space: Space = Space()
    goals: tuple[Goal, ...]
    constraints: tuple[Constraint, ...] = ()
    wishes: tuple[str, ...] = ()  # names of rules
    rules: dict[str, Rule] = RULES
    seed: int = Field(0, ge=0)
    startup: int = Field(10, ge=1)  # random trials before the sampler learns from trials
    pruning: bool = True
    slack: Number | None = Field(None, ge=0)  # of the first goal, for the sake of the others; None: one standard error
    warm: str = ""  # digest of the tables that the search starts from

    @property
    def source(self) -> Source:
        """Where the data are."""
        return Source(self.data, None, self.regroup, self.split_seed)

    @property
    def figures(self) -> list[str]:
        """The figures that goals and constraints need, each once."""
        return list(dict.fromkeys([g.figure for g in self.goals] + [c.figure for c in self.constraints]))

    @property
    def ball(self) -> Ball | None:
        """Within what the inputs of every trial are moved, whatever it trained against: the ball of the default
        recipe's attack (the first of its learners' that has one); None where no figure needs it.
        """
        attack = attack_of(self.recipe.strategy)
        return Ball.of(attack) if attack is not None and any(figure(name).attacked for name in self.figures) else None

    def check(self) -> None:
        """`BadInput` for further axes and for figures that the recipe does not allow."""
        self.space.check(self.recipe)
        for name in self.figures:
            if figure(name).attacked and self.ball is None:
                raise BadInput(
                    f"asked for {name}; strategy '{self.recipe.strategy.kind}' has no attack that says how far inputs "
                    "are moved; give one that has: --set strategy=adversarial, or --set strategy=generalist"
                )


def configure_tune(
    data: str,
    *,
    goal: str = "",
    wishes: Sequence[str] = (),
    constraints: Sequence[str] = (),
    settings: Sequence[str] = (),
    regroup: bool = False,
) -> tuple[Tune, Dataset]:
    """A search with its settings, and its data. ``settings``: recipe fields, ``space.X=``, ``rules.X=``, ``tune.X=``.

    Raises `BadInput` for goals, wishes, constraints and settings that cannot be meant, before data are read.
    """
    if find_spec("optuna") is None:
        raise BadInput("asked to tune; found no package optuna; install it: pip install 'assay[tune]'")
    tables = override(
        {"rules": {name: rule.plain() for name, rule in RULES.items()}}, [s for s in settings if s.startswith("rules.")]
    )
    rules = {name: Rule.parse(rule, f"rules.{name}") for name, rule in tables["rules"].items()}
    named = [understand(wish, rules) for wish in wishes]
    goals = parse_goals(", ".join([goal, *(rules[name].goals for name in named)]))
    plain: dict[str, Any] = {
        "goals": [each.plain() for each in goals],
        "constraints": [parse_constraint(text).plain() for text in constraints],
        "wishes": named,
        "rules": {name: rule.plain() for name, rule in rules.items()},
        "data": data,
        "regroup": regroup,
        "recipe": {"data": data},
    }
    own = [s.removeprefix("tune.") for s in settings if s.startswith(("space.", "tune."))]
    for_recipe = [f"recipe.{s}" for s in settings if not s.startswith(OWN)]
    plain = override(plain, own)
    Tune.parse(plain, "tune")
    dataset = Source(data, None, regroup, plain.get("split_seed", 0)).load()
    plain["recipe"] = suited(data, dataset, regroup, plain.get("split_seed", 0))
    found = Tune.parse(override(plain, for_recipe), "tune")
    found.check()
    return found, dataset
