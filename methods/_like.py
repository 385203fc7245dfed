"""Constants such as a transition matrix or a prior, as tensors."""


def like(array, logits):
    """An array, of NumPy or torch, as a tensor of the logits' type and device."""
    import torch

    return torch.as_tensor(array, dtype=logits.dtype, device=logits.device)
