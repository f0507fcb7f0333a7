"""Contrastive losses: of embeddings, not logits; supervised, self-supervised and in between."""

from assay.losses.contrastive.balanced import BalancedContrastive as BalancedContrastive
from assay.losses.contrastive.base import ContrastiveLoss as ContrastiveLoss
from assay.losses.contrastive.gather import gather as gather
from assay.losses.contrastive.infonce import InfoNCE as InfoNCE
from assay.losses.contrastive.sincere import SINCERE as SINCERE
from assay.losses.contrastive.spread import Spread as Spread
from assay.losses.contrastive.supcl import SupCL as SupCL
from assay.losses.contrastive.supcon import SupCon as SupCon
from assay.maths.ssem import alpha_view as alpha_view
from assay.maths.ssem import supcon_alpha as supcon_alpha
