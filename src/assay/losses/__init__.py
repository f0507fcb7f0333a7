"""Floor 1: losses on logits and on embeddings. Each is its own configuration and fits any training loop."""

from assay.losses.classification import CrossEntropy as CrossEntropy
from assay.losses.classification import Focal as Focal
from assay.losses.classification import LabelSmoothed as LabelSmoothed
from assay.losses.classification import Loss as Loss
from assay.losses.classification import MultiMargin as MultiMargin
from assay.losses.classification import SquaredError as SquaredError
from assay.losses.contrastive import SINCERE as SINCERE
from assay.losses.contrastive import BalancedContrastive as BalancedContrastive
from assay.losses.contrastive import ContrastiveLoss as ContrastiveLoss
from assay.losses.contrastive import InfoNCE as InfoNCE
from assay.losses.contrastive import Spread as Spread
from assay.losses.contrastive import SupCL as SupCL
from assay.losses.contrastive import SupCon as SupCon
from assay.losses.contrastive import alpha_view as alpha_view
from assay.losses.contrastive import gather as gather
from assay.losses.contrastive import supcon_alpha as supcon_alpha
from assay.losses.divergence import kl_divergence as kl_divergence
