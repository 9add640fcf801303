"""The OpenAPI document: wire structs as components, bearer authentication, and what every operation has in common."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Any, get_origin

import msgspec
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt
from drf_spectacular.extensions import OpenApiAuthenticationExtension, OpenApiSerializerExtension
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.plumbing import ResolvedComponent

from kernel.wire import Page, WireStruct, json_schemas
from project.rest.idempotency import METHODS_WITH_KEYS, takes_keys
from project.rest.problems import CONTENT_TYPE, MethodNotAllowed, Problem, problem_response

_REF_TEMPLATE = "#/components/schemas/{name}"
Schema = dict[str, Any]


class WireSchema(AutoSchema):
    """Spectacular's view of an operation, which knows lists by the fields of their page."""

    def get_operation_id(self) -> str:
        """Return a name that is unique: a list is `..._list`, one thing is `..._retrieve`."""
        operation_id: str = super().get_operation_id()
        return re.sub("_retrieve$", "_list", operation_id) if self._answers_with_a_page() else operation_id

    def _answers_with_a_page(self) -> bool:
        answers: Any = self.get_response_serializers()
        answer: Any = answers.get(200) if isinstance(answers, dict) else answers
        struct: Any = get_origin(answer) or answer
        is_struct = isinstance(struct, type) and issubclass(struct, msgspec.Struct)
        return is_struct and set(Page.__struct_fields__) <= set(struct.__struct_fields__)


class WireStructExtension(OpenApiSerializerExtension):
    """Lets `@extend_schema(responses={200: RoomPayload})` name a wire struct. Nested structs become components of their own."""

    target_class: Any = WireStruct
    match_subclasses = True

    def get_name(self, auto_schema: AutoSchema, direction: Any) -> str:  # noqa: ARG002  # spectacular's signature
        """Return the name of the component, as msgspec gives it."""
        return str(_components_of(self.target)[0])

    def get_identity(self, auto_schema: AutoSchema, direction: Any) -> str:
        """Return what two uses of one struct have in common."""
        return self.get_name(auto_schema, direction)

    def map_serializer(self, auto_schema: AutoSchema, direction: Any) -> Schema:  # noqa: ARG002
        """Return the struct's schema, and register the structs inside it."""
        name, components = _components_of(self.target)
        for other in components.keys() - {name}:
            auto_schema.registry.register_on_missing(
                ResolvedComponent(other, ResolvedComponent.SCHEMA, components[other], object=other)
            )
        return components[name]


class GenericStructExtension(WireStructExtension):
    """The same for a struct with parameters, as in `Page[RoomPayload]`."""

    target_class: Any = type(Page[int])
    match_subclasses = False


class SessionExtension(OpenApiAuthenticationExtension):
    """Names what proves who calls in the document: an access token or API key, or a browser's cookie with its CSRF token."""

    target_class = "accounts.authentication.SessionTokenAuthentication"
    name: Any = ("bearer", "cookie")

    def get_security_requirement(self, auto_schema: AutoSchema) -> list[Schema]:  # noqa: ARG002
        """Return that either is enough."""
        return [{"bearer": []}, {"cookie": []}]

    def get_security_definition(self, auto_schema: AutoSchema) -> list[Schema]:  # noqa: ARG002  # spectacular's signature
        """Return the security schemes, in the order of their names."""
        cookie = {"type": "apiKey", "in": "cookie", "name": settings.SESSION_COOKIE_NAME}
        return [{"type": "http", "scheme": "bearer", "bearerFormat": "JWT or API key"}, cookie]


def _components_of(struct: Any) -> tuple[str, dict[str, Schema]]:
    """Return the struct's component name, and the schemas of all structs that it reaches by name."""
    (reference,), components = json_schemas([struct], ref_template=_REF_TEMPLATE)
    return reference["$ref"].rpartition("/")[2], components


def add_what_all_operations_share(result: Schema, **_: Any) -> Schema:
    """Spectacular's last hook: every operation can answer with a problem, and every write takes an Idempotency-Key."""
    name, schemas = _components_of(Problem)
    # Further members depend on the code of the problem.
    schemas[name]["additionalProperties"] = True
    components = result.setdefault("components", {})
    components.setdefault("schemas", {}).update(schemas)
    components["responses"] = {
        "Problem": {
            "description": "The request was refused or failed; nothing was changed.",
            "content": {CONTENT_TYPE: {"schema": {"$ref": _REF_TEMPLATE.format(name=name)}}},
        }
    }
    components["parameters"] = {"IdempotencyKey": _IDEMPOTENCY_KEY}
    for path, method, operation in _operations(result):
        operation["responses"].setdefault("default", {"$ref": "#/components/responses/Problem"})
        if method.upper() in METHODS_WITH_KEYS and takes_keys(path):
            operation.setdefault("parameters", []).append({"$ref": "#/components/parameters/IdempotencyKey"})
    return result


_IDEMPOTENCY_KEY: Schema = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": False,
    "description": "Sent again with the same key, the request is carried out once and answered alike for 24 hours.",
    "schema": {"type": "string", "minLength": 1, "maxLength": 128, "pattern": "^[!-~]+$"},
}


def _operations(result: Schema) -> Iterator[tuple[str, str, Schema]]:
    for path, methods in result["paths"].items():
        for method, operation in methods.items():
            yield path, method, operation


@lru_cache(maxsize=1)
def openapi_document() -> bytes:
    """Return the OpenAPI 3.1 document of all routes as JSON. It is the same for everyone and for the life of the process."""
    schema = SchemaGenerator().get_schema(request=None, public=True)
    plain = msgspec.json.encode(schema, enc_hook=str)
    return msgspec.json.format(plain, indent=2) + b"\n"


@csrf_exempt
def schema_view(request: HttpRequest) -> HttpResponse:
    """GET /api/schema/."""
    if request.method not in ("GET", "HEAD"):
        return problem_response(MethodNotAllowed(), request)
    return HttpResponse(openapi_document(), content_type="application/vnd.oai.openapi+json; version=3.1")
