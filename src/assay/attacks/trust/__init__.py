"""How far a robust accuracy can be believed: checks for figures that only look robust, and a level."""

from assay.attacks.trust.bench import Check as Check
from assay.attacks.trust.level import MEANINGS as MEANINGS
from assay.attacks.trust.level import Trust as Trust
from assay.attacks.trust.level import assess as assess
