"""What the API is, as OpenAPI 3.1, for whoever is signed in."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from starlette.responses import JSONResponse

from mailprobe.console.api.problems import Problem
from mailprobe.console.door import Visitor, signed_in

router = APIRouter(prefix="/api/v1", include_in_schema=False)


@router.get("/openapi.json")
async def show(request: Request, visitor: Annotated[Visitor, Depends(signed_in())]) -> JSONResponse:
    return JSONResponse(described(request.app.openapi()))


def described(schema: dict[str, Any]) -> dict[str, Any]:
    """With the body of every error, which no route names, and the two ways to come in."""
    parts = {**schema.get("components", {})}
    parts["schemas"] = {**parts.get("schemas", {}), "Problem": Problem.model_json_schema()}
    parts["securitySchemes"] = {
        "token": {"type": "http", "scheme": "bearer"},
        "session": {"type": "apiKey", "in": "cookie", "name": "__Host-mailprobe"},
    }
    return {**schema, "components": parts, "security": [{"token": []}, {"session": []}]}
