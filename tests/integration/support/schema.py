"""Holds documents against JSON schemas, draft 2020-12.

In: {"schemas": [{…}, …], "documents": [["schema's $id", {…}], …]}; out: for each document, what is wrong with it.
"""

import json
import sys

from jsonschema import Draft202012Validator
from referencing import Registry, Resource

asked = json.load(sys.stdin)
registry = Registry()
for schema in asked["schemas"]:
    Draft202012Validator.check_schema(schema)
    registry = Resource.from_contents(schema) @ registry
validators = {
    schema["$id"]: Draft202012Validator(schema, registry=registry) for schema in asked["schemas"]
}
answers = [
    [f"{error.json_path}: {error.message[:300]}" for error in validators[name].iter_errors(document)]
    for name, document in asked["documents"]
]
json.dump(answers, sys.stdout)
