"""A Bytewax flow in this process, which fails with what one of its steps raised."""

from bytewax.dataflow import Dataflow
from bytewax.errors import BytewaxRuntimeError
from bytewax.testing import run_main


def run_flow(flow: Dataflow) -> None:
    """Runs a flow to its end; an error is raised as it was inside."""
    try:
        run_main(flow)
    except Exception as error:
        inner: BaseException = error
        while isinstance(inner, BytewaxRuntimeError) and inner.__cause__:
            inner = inner.__cause__
        raise inner from None
