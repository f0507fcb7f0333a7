"""`assay tune`: a search over recipes for several goals at once, resumable, with its choice tried on test."""

from assay.studies.tune.conclude import tune as tune
from assay.studies.tune.rules import RULES as RULES
from assay.studies.tune.rules import Rule as Rule
from assay.studies.tune.rules import check_rules as check_rules
from assay.studies.tune.settings import Tune as Tune
from assay.studies.tune.settings import configure_tune as configure_tune
