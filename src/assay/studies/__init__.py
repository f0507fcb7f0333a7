"""Floor 4: studies. A question, a grid of recipes, claims fixed beforehand, verdicts."""

from assay.studies.collapse import Collapse as Collapse
from assay.studies.conduct import conduct as conduct
from assay.studies.conduct import rebuild as rebuild
from assay.studies.families import Families as Families
from assay.studies.generalist import GeneralistStudy as GeneralistStudy
from assay.studies.limit import Limit as Limit
from assay.studies.means import Means as Means
from assay.studies.overfitting import Overfitting as Overfitting
from assay.studies.remedies import Remedies as Remedies
from assay.studies.simplicity import Simplicity as Simplicity
from assay.studies.stream import Stream as Stream
from assay.studies.study import STUDIES as STUDIES
from assay.studies.study import Study as Study
from assay.studies.study import configure as configure
