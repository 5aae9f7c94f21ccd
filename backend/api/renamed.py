"""Addresses of 0.1, for one release: each says where the resource is now."""

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse

router = APIRouter(prefix="/api/runs/{run_id}", include_in_schema=False)


@router.post("/ghosts")
def create_counterfactual(run_id: str, request: Request) -> RedirectResponse:
    return _moved(request, "counterfactuals")


@router.get("/knobs")
def list_parameters(run_id: str, request: Request) -> RedirectResponse:
    return _moved(request, "live-parameters")


def _moved(request: Request, name: str) -> RedirectResponse:
    """A client that follows it sends the same method and body there."""
    head, _, _ = request.url.path.rpartition("/")
    query = f"?{request.url.query}" if request.url.query else ""
    return RedirectResponse(f"{head}/{name}{query}", status_code=308)
