"""How far one prediction is from another."""

from __future__ import annotations

from torch import Tensor


def kl_divergence(logits: Tensor, other: Tensor) -> Tensor:
    """Kullback-Leibler divergence of predictions, in nats: sum_c p_c (ln p_c - ln q_c), p and q the softmax of logits.

    ``logits`` (of p) and ``other`` (of q) are ``(..., n, classes)``; one number an example, ``(..., n)``, at least 0.

    >>> import torch
    >>> even, sure = torch.tensor([[0.0, 0.0]]), torch.tensor([[3.0, 1.0]]).log()
    >>> round(kl_divergence(even, sure).item(), 6)  # 1/2 ln(2/3) + 1/2 ln 2
    0.143841
    """
    log_p, log_q = logits.log_softmax(-1), other.log_softmax(-1)
    return (log_p.exp() * (log_p - log_q)).sum(-1)
