"""`assay data`: quality and coverage of a data set, without training."""

from assay.studies.quality.examine import examine as examine
from assay.studies.quality.examine import examined as examined
from assay.studies.quality.finding import Finding as Finding
from assay.studies.quality.view import View as View
from assay.studies.quality.weights import weights as weights
