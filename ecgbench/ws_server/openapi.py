"""/openapi.json, made of the same fields that bodies are read by."""

from __future__ import annotations

from typing import Any

from ecgbench import __version__
from ecgbench.wire import STATUSES
from ecgbench.ws_server.endpoints import ENDPOINTS, Endpoint

ERRORS = {
    400: "bad_message",
    401: "unauthorized",
    413: "too_large",
    422: "bad_option, bad_image",
    429: "busy",
    503: "unavailable",
}
GETS = {
    "/isolation-methods": "The methods that separate colors.",
    "/methods": "Every method with its parameters, and the options of the pipeline.",
    "/health": "200 while the server runs.",
    "/ready": "200 while the server takes work, 503 while it shuts down.",
    "/metrics": "Prometheus' text format.",
}


def openapi(*, token: bool) -> dict[str, Any]:
    """Return the OpenAPI 3.1 document of the HTTP side; `token` says whether requests need one."""
    paths: dict[str, Any] = {endpoint.path: {"post": _post(endpoint)} for endpoint in ENDPOINTS}
    for path, summary in GETS.items():
        paths[path] = {"get": {"summary": summary, "responses": {"200": {"description": "OK"}}}}
    document: dict[str, Any] = {
        "openapi": "3.1.0",
        "info": {"title": "ecgbench", "version": __version__, "description": "Methods that turn pictures of ECGs into data."},
        "paths": paths,
        "components": {"schemas": {"Error": _error()}},
    }
    if token:
        document["components"]["securitySchemes"] = {"token": {"type": "http", "scheme": "bearer"}}
        document["security"] = [{"token": []}]
    return document


def _post(endpoint: Endpoint) -> dict[str, Any]:
    schema = {
        "type": "object",
        "properties": {field.name: dict(field.schema) | _default(field.default) for field in endpoint.fields},
        "required": [field.name for field in endpoint.fields if field.required],
        "additionalProperties": False,
    }
    answer: dict[str, Any] = {"type": "string"}
    if endpoint.answers:
        answer = {"type": "object", "properties": {name: {} for name in endpoint.answers}}
    failure = {"application/json": {"schema": {"$ref": "#/components/schemas/Error"}}}
    return {
        "summary": endpoint.summary,
        "requestBody": {
            "required": True,
            "content": {"application/json": {"schema": schema}, "multipart/form-data": {"schema": _as_files(schema)}},
        },
        "responses": {
            "200": {"description": "OK", "content": {endpoint.media: {"schema": answer}}},
            **{str(status): {"description": codes, "content": failure} for status, codes in ERRORS.items()},
        },
    }


def _default(value: Any) -> dict[str, Any]:
    return {"default": value} if isinstance(value, (str, bool)) else {}


def _as_files(schema: dict[str, Any]) -> dict[str, Any]:
    """Return the schema of a form: its pictures are files."""
    file = {"type": "string", "contentMediaType": "application/octet-stream"}
    properties = dict(schema["properties"])
    if "image" in properties:
        properties["image"] = file
    if "images" in properties:
        properties["images"] = {"type": "array", "items": file}
    return {**schema, "properties": properties}


def _error() -> dict[str, Any]:
    return {
        "type": "object",
        "properties": {"success": {"const": False}, "code": {"enum": list(STATUSES)}, "error": {"type": "string"}},
        "required": ["success", "code", "error"],
    }
