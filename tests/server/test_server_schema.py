"""Whatever fits the description, and what nearly does, is answered without an error of the server: schemathesis."""

from __future__ import annotations

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from schemathesis import Case, GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.schemas import APIOperation
from schemathesis.specs.openapi.checks import content_type_conformance, status_code_conformance
from server_support import Served

from mmrag.server.app import create_app
from mmrag.settings import Settings

EXAMPLES = 8
ENDLESS = "/api/uploads/events"
OPERATIONS = [
    found.ok()
    for found in schemathesis.openapi.from_dict(create_app(Settings()).openapi()).exclude(path=ENDLESS).get_all_operations()
]
CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance]


@pytest.mark.timeout(300)
@pytest.mark.parametrize("mode", [GenerationMode.POSITIVE, GenerationMode.NEGATIVE], ids=["fits", "nearly-fits"])
@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda operation: operation.label)
def test_no_request_is_an_error_of_the_server(operation: APIOperation, mode: GenerationMode, loopback: Served) -> None:
    @settings(max_examples=EXAMPLES, deadline=None, derandomize=True, database=None, suppress_health_check=list(HealthCheck))
    @given(case=operation.as_strategy(generation_mode=mode))
    def check(case: Case) -> None:
        response = case.call(base_url=loopback.url, timeout=60)
        case.validate_response(response, checks=CHECKS)

    check()
