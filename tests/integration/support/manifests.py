"""Reads YAML, CloudFormation's short forms too, from standard input; writes its documents as one list in JSON."""

import json
import sys

import yaml


class Loader(yaml.SafeLoader):
    pass


def short_form(loader, suffix, node):
    if isinstance(node, yaml.ScalarNode):
        value = loader.construct_scalar(node)
    elif isinstance(node, yaml.SequenceNode):
        value = loader.construct_sequence(node, deep=True)
    else:
        value = loader.construct_mapping(node, deep=True)
    return {suffix if suffix == "Ref" else f"Fn::{suffix}": value}


Loader.add_multi_constructor("!", short_form)
print(json.dumps(list(yaml.load_all(sys.stdin, Loader)), default=str))
