"""Records work of many short kernels as a CUDA graph, which a GPU starts as a whole.

A step of this project's networks is tens to hundreds of kernels. A GPU runs them several times faster than Python
starts them. The memory of a graph stays where it is, so what changes from run to run is copied into it.
"""

from collections.abc import Callable

import torch
from torch import Tensor

WARM_UP = 3  # runs before the recording, in which the libraries choose their kernels

Work = Callable[[], tuple[Tensor, ...]]
Recording = tuple[Callable[[], None], tuple[Tensor, ...]]
Record = Callable[[Work, torch.Generator | None], Recording]


def record(work: Work, generator: torch.Generator | None = None) -> Recording:
    """Records work on the present GPU.

    Args:
        work: takes its inputs from tensors that stay where they are, reads no value on the host, and returns tensors.
        generator: that the work draws from, on the GPU. Its state is the same afterwards.

    Returns:
        a function that does the work again, and the tensors that it then writes.
    """
    state = None if generator is None else generator.get_state()
    side = torch.cuda.Stream()
    side.wait_stream(torch.cuda.current_stream())
    with torch.cuda.stream(side):
        for _ in range(WARM_UP):
            work()
    torch.cuda.current_stream().wait_stream(side)
    graph = torch.cuda.CUDAGraph()
    if generator is not None:
        graph.register_generator_state(generator)
    # Other threads, for instance one that pins memory for the data loader, may go on meanwhile.
    with torch.cuda.graph(graph, capture_error_mode="thread_local"):
        results = work()
    if generator is not None and state is not None:
        generator.set_state(state)
    return graph.replay, results
