"""Makes what a stack would make of Batch on a server, and submits what its state machine would, one job after another.

In: {"client": {…}, "template": {…}, "parameters": {…}}. Out: a list of the jobs, as the server describes them.
"""

import json
import re
import sys
import urllib.request

import boto3

asked = json.load(sys.stdin)
template, known = asked["template"], dict(asked["parameters"])
known |= {f"AWS::{name}": value for name, value in [("Partition", "aws"), ("Region", "us-east-1"), ("AccountId", "123456789012")]}
for name, parameter in template["Parameters"].items():
    # CloudFormation hands on numbers as text.
    known.setdefault(name, str(parameter.get("Default")))
url = asked["client"]["endpoint_url"]
# Jobs are taken and not run: there is no container engine.
urllib.request.urlopen(urllib.request.Request(f"{url}/moto-api/config", data=b'{"batch": {"use_docker": false}}', method="POST"))
batch, ec2, iam = (boto3.client(name, **asked["client"]) for name in ("batch", "ec2", "iam"))
known["Subnets"] = [ec2.describe_subnets()["Subnets"][0]["SubnetId"]]
known["SecurityGroups"] = [ec2.describe_security_groups()["SecurityGroups"][0]["GroupId"]]


def resolved(node):
    """A value as CloudFormation would fill it in; other resources are named arn:…:NAME."""
    if isinstance(node, list):
        return [resolved(one) for one in node]
    if not isinstance(node, dict):
        return node
    match list(node.items()):
        case [("Ref", name)]:
            return known.get(name, name)
        case [("Fn::GetAtt", name)]:
            return f"arn:aws:iam::123456789012:role/{name}"
        case [("Fn::Sub", text)]:
            return re.sub(r"\$\{([^}]+)\}", lambda found: str(resolved({"Ref": found[1]})), text)
        case [("Fn::If", ["MakesRole", then, other])]:
            return resolved(then if known["Role"] == "" else other)
    return {key[0].lower() + key[1:]: resolved(value) for key, value in node.items()}


def properties(name):
    return resolved(template["Resources"][name]["Properties"])


def evaluated(node):
    """Parameters of a task as Step Functions would make them."""
    if not isinstance(node, dict):
        return node
    made = {}
    for key, value in node.items():
        if not key.endswith(".$"):
            made[key] = evaluated(value)
        elif found := re.fullmatch(r"States\.Format\('([^']*)', \$\$\.Execution\.Name\)", value):
            made[key[:-2]] = found[1].replace("{}", "night-1")
        elif found := re.fullmatch(r"States\.StringToJson\('([^']*)'\)", value):
            made[key[:-2]] = json.loads(found[1])
        else:
            raise ValueError(value)
    return {key if key in ("plan", "parts") else key[0].lower() + key[1:]: value for key, value in made.items()}


machines = properties("Machines")
# AWS makes this one by itself.
role = iam.create_role(RoleName="batch", AssumeRolePolicyDocument="{}")["Role"]["Arn"]
made = batch.create_compute_environment(
    computeEnvironmentName="machines",
    type=machines["type"],
    state=machines["state"],
    computeResources=machines["computeResources"],
    serviceRole=role,
)
known["Machines"] = made["computeEnvironmentArn"]
queue = properties("Queue")
known["Queue"] = batch.create_job_queue(jobQueueName="queue", state="ENABLED", **queue)["jobQueueArn"]
for name in ("PlanJob", "ShardJob", "MergeJob"):
    known[name] = batch.register_job_definition(jobDefinitionName=name, **properties(name))["jobDefinitionArn"]

machine = template["Resources"]["Night"]["Properties"]
definition = json.dumps(machine["Definition"])
for name, value in machine["DefinitionSubstitutions"].items():
    definition = definition.replace("${" + name + "}", str(resolved(value)))
states = json.loads(definition)
jobs, state = [], states["StartAt"]
while state:
    step = states["States"][state]
    job = batch.submit_job(**evaluated(step["Parameters"]))
    jobs += batch.describe_jobs(jobs=[job["jobId"]])["jobs"]
    state = step.get("Next")
print(json.dumps(jobs, default=str))
