"""How far the views of one image lie apart."""

from __future__ import annotations

from assay.core.errors import BadInput
from assay.metrics import arrays
from assay.metrics.arrays import Array
from assay.metrics.card import metric
from assay.metrics.collapse.classes import on_sphere


@metric(range=(0, 1), unit="variance", cite="Within-instance part of the law of total variance")
def view_variance(views: Array, normalise: bool = True) -> float:
    """Mean squared distance of a view's embedding to the mean over the views of its image: 0 when invariant.

    s = mean_i mean_v |u_iv - mean_v u_iv|²

    views (images, views, width), two views or more, each embedding first put on the unit sphere unless ``normalise``
    is False. In [0, 1] on the sphere, in squared units of the embeddings otherwise. 0 on SSEM embeddings, above 0 where
    training pushes the views of one image apart. It is part of `within_variance` of all views taken as samples.
    `BadInput` for other shapes, NaN, one view, or embeddings that are all zero.

    >>> view_variance([[[1, 0], [0, 1]], [[1, 0], [1, 0]]])  # first image 1/2, second 0
    0.25
    """
    u = arrays.numbers(views, "views")
    if u.ndim < 3 or not u.size or u.shape[1] < 2:
        raise BadInput(
            f"asked for views as (images, views, width); found shape {u.shape}; give two views or more of each image"
        )
    u = u.reshape(*u.shape[:2], -1)
    u = on_sphere(u) if normalise else u
    value = float(((u - u.mean(1, keepdims=True)) ** 2).sum()) / (u.shape[0] * u.shape[1])
    return min(value, 1.0) if normalise else value
