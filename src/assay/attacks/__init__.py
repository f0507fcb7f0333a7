"""Floor 1: attacks as loop x ball x objective, and AutoAttack."""

from assay.attacks.apgd import APGDCE as APGDCE
from assay.attacks.apgd import APGDDLR as APGDDLR
from assay.attacks.apgd import APGDT as APGDT
from assay.attacks.ascent import CW as CW
from assay.attacks.ascent import FGSM as FGSM
from assay.attacks.ascent import MIM as MIM
from assay.attacks.ascent import PGD as PGD
from assay.attacks.attack import ATTACKS as ATTACKS
from assay.attacks.attack import Attack as Attack
from assay.attacks.balls import BALLS as BALLS
from assay.attacks.evaluate import Result as Result
from assay.attacks.evaluate import autoattack as autoattack
from assay.attacks.fab import FAB as FAB
from assay.attacks.fab import FABT as FABT
from assay.attacks.noise import Noise as Noise
from assay.attacks.norms import norm_name as norm_name
from assay.attacks.norms import radius as radius
from assay.attacks.objectives import OBJECTIVES as OBJECTIVES
from assay.attacks.square import Square as Square
from assay.attacks.suite import Suite as Suite
from assay.attacks.victim import at_rest as at_rest
