"""`assay attack`: how robust is this model, and how far can the figure be believed?"""

from assay.studies.attack.carry import carry_out as carry_out
from assay.studies.attack.challenge import Challenge as Challenge
from assay.studies.attack.challenge import eps_text as eps_text
from assay.studies.attack.cost import cost as cost
from assay.studies.attack.subject import Subject as Subject
from assay.studies.attack.subject import subject as subject
from assay.studies.attack.subject import surrogate as surrogate
from assay.studies.attack.words import figure as figure
