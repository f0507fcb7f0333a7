"""`assay look`: what a model that exists makes of its samples, and where a small change would hurt it."""

from assay.studies.look.answer import answered as answered
from assay.studies.look.examine import Ask as Ask
from assay.studies.look.examine import examined as examined
from assay.studies.look.examine import planned as planned
from assay.studies.look.subject import Subject as Subject
from assay.studies.look.subject import split_of as split_of
