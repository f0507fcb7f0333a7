"""Floor 1: networks, and the activation slots inside them."""

from assay.models.activations import ACTIVATIONS as ACTIVATIONS
from assay.models.activations import Activation as Activation
from assay.models.activations import ActivationName as ActivationName
from assay.models.activations import activations as activations
from assay.models.activations import add_slots as add_slots
from assay.models.activations import slots as slots
from assay.models.activations import swap_activations as swap_activations
from assay.models.build import PROJECTOR as PROJECTOR
from assay.models.build import build as build
from assay.models.build import code_digest as code_digest
from assay.models.build import default_model as default_model
from assay.models.build import load_file as load_file
from assay.models.build import own_file as own_file
from assay.models.head import features as features
from assay.models.head import head_of as head_of
from assay.models.networks import MODELS as MODELS
from assay.models.projector import Projected as Projected
from assay.models.projector import with_projector as with_projector
