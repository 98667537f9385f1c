"""Verifies that a document is OpenAPI 3.1, with the validator of the OpenAPI community's Python tools.

Reads the document on stdin. Ends with 1 and says why when it is not.
"""

import json
import sys

from openapi_spec_validator import OpenAPIV31SpecValidator


def main():
    document = json.load(sys.stdin)
    assert document["openapi"].startswith("3.1."), document["openapi"]
    errors = list(OpenAPIV31SpecValidator(document).iter_errors())
    for error in errors[:10]:
        print("/".join(map(str, error.absolute_path)), error.message, file=sys.stderr)
    assert document["paths"], "it has no paths"
    sys.exit(1 if errors else 0)


main()
