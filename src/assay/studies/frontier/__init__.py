"""`assay frontier`: choose clean accuracy, see robust accuracy, without training again."""

from assay.studies.frontier.answer import answered as answered
from assay.studies.frontier.ask import Ask as Ask
from assay.studies.frontier.ask import ball as ball
from assay.studies.frontier.carry import walked as walked
from assay.studies.frontier.ends import Ends as Ends
from assay.studies.frontier.ends import ends_of as ends_of
from assay.studies.frontier.walk import barrier as barrier
from assay.studies.frontier.walk import restated as restated
from assay.studies.frontier.walk import simplex as simplex
from assay.studies.frontier.walk import walk as walk
