"""The document and the routes are one: nothing is missing, nothing is invented."""

import json

from jsonschema import Draft202012Validator
import pytest

from edge_runtime.api.access import Access
from edge_runtime.api.app import build_app
from edge_runtime.api.openapi import document
from edge_runtime.api.routes import ALL_ROUTES
from edge_runtime.errors import EdgeRuntimeError


@pytest.fixture
async def openapi(client):
    async with client.get("/api/v1/openapi.json") as response:
        assert response.status == 200
        return await response.json()


async def test_every_route_is_in_the_document_and_the_other_way_round(openapi, service):
    app = build_app(service, Access(loopback_only=True, ingress=False))
    served = {
        (route.method, route.resource.canonical)
        for route in app.router.routes()
        if route.method != "HEAD"
    }
    described = {
        (method.upper(), path)
        for path, methods in openapi["paths"].items()
        for method in methods
    }
    assert served == described
    assert len(served) > 15


def test_operation_ids_and_addresses_are_unique():
    ids = [route.operation_id for route in ALL_ROUTES]
    assert len(ids) == len(set(ids))
    addresses = [(route.method, route.path) for route in ALL_ROUTES]
    assert len(addresses) == len(set(addresses))


def test_every_schema_is_one_and_the_document_is_json():
    whole = document(ALL_ROUTES)
    assert json.loads(json.dumps(whole)) == whole

    def schemas(value):
        if isinstance(value, dict):
            if isinstance(value.get("schema"), dict):
                yield value["schema"]
            for inner in value.values():
                yield from schemas(inner)
        elif isinstance(value, list):
            for inner in value:
                yield from schemas(inner)

    found = list(schemas(whole["paths"]))
    assert len(found) > 50
    for schema in found:
        Draft202012Validator.check_schema(schema)


def test_every_operation_says_what_it_needs_and_how_it_fails():
    for path, methods in document(ALL_ROUTES)["paths"].items():
        for method, operation in methods.items():
            assert operation["summary"], (path, method)
            assert operation["x-scope"] in {"public", "read", "write", "admin"}
            public = operation["x-scope"] == "public"
            assert operation["security"] == ([] if public else [{"token": []}])
            assert {"400", "401", "403", "500"} <= set(operation["responses"])
            if method in {"post", "put", "patch", "delete"} and not public:
                assert operation["x-scope"] != "read", (path, method)


def test_every_error_has_a_code_of_its_own_place_in_the_tree():
    for code, error in EdgeRuntimeError.by_code.items():
        assert error.code == code
        assert 400 <= error.status < 600
