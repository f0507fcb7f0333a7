"""Floor 3: carrying recipes out (jobs, executors), keeping what happened (store), looking at it (observe)."""

from assay.lab import ray as ray
from assay.lab.execute import EXECUTORS as EXECUTORS
from assay.lab.execute import Failure as Failure
from assay.lab.execute import executor as executor
from assay.lab.jobs import Outcome as Outcome
from assay.lab.jobs import Source as Source
from assay.lab.jobs import TrainJob as TrainJob
from assay.lab.jobs import carry_out as carry_out
from assay.lab.jobs import choose_device as choose_device
from assay.lab.jobs import plan as plan
from assay.lab.store import Lab as Lab
