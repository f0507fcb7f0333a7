"""Augmentations: random changes that leave labels true (or mix them), as batched tensor operations."""

from assay.train.augment.augmix import AugMix as AugMix
from assay.train.augment.base import Augmentation as Augmentation
from assay.train.augment.blur import Blur as Blur
from assay.train.augment.columns import ColumnDrop as ColumnDrop
from assay.train.augment.columns import ColumnNoise as ColumnNoise
from assay.train.augment.crop import Crop as Crop
from assay.train.augment.cutout import Cutout as Cutout
from assay.train.augment.flip import Flip as Flip
from assay.train.augment.grey import Grey as Grey
from assay.train.augment.jitter import Jitter as Jitter
from assay.train.augment.mixing import CutMix as CutMix
from assay.train.augment.mixing import Mixed as Mixed
from assay.train.augment.mixing import Mixing as Mixing
from assay.train.augment.mixing import MixUp as MixUp
from assay.train.augment.mixing import mixed as mixed
from assay.train.augment.mixing import mixed_losses as mixed_losses
from assay.train.augment.noise import Noise as Noise
from assay.train.augment.presets import Augment as Augment
from assay.train.augment.presets import steps_for as steps_for
from assay.train.augment.presets import strong as strong
from assay.train.augment.presets import weak as weak
from assay.train.augment.resized_crop import ResizedCrop as ResizedCrop
from assay.train.augment.views import chain as chain
from assay.train.augment.views import views as views
