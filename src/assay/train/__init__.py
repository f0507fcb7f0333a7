"""Floor 2: training. Recipes in, results out; one loop."""

from assay.train.interventions import Fork as Fork
from assay.train.interventions import HotSwap as HotSwap
from assay.train.interventions import Intervention as Intervention
from assay.train.loop import Result as Result
from assay.train.loop import evaluate as evaluate
from assay.train.loop import train as train
from assay.train.recipe import Optimiser as Optimiser
from assay.train.recipe import Recipe as Recipe
from assay.train.sampling import Balanced as Balanced
from assay.train.sampling import Sampler as Sampler
from assay.train.sampling import Shuffled as Shuffled
from assay.train.strategies import FGSMRS as FGSMRS
from assay.train.strategies import Adversarial as Adversarial
from assay.train.strategies import Batch as Batch
from assay.train.strategies import Contrastive as Contrastive
from assay.train.strategies import Mart as Mart
from assay.train.strategies import Standard as Standard
from assay.train.strategies import Strategy as Strategy
from assay.train.strategies import Trades as Trades
