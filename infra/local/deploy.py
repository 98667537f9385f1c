"""Deploys the committed templates to the local AWS.

    deploy.py --bin-dir target/debug [--delay-scale 0.004]

Expands SAM with the official translator, uploads code and templates under the hash of their
content, and creates or updates the root stack with its nested stacks. What did not change is left
alone, data included. Writes .local/run/outputs.json.
"""

import argparse
import hashlib
import io
import json
import logging
import os
import pathlib
import re
import sys
import time
import urllib.request
import zipfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
OUTPUTS = ROOT / ".local" / "run" / "outputs.json"
ENDPOINT = "http://127.0.0.1:4566"
API_URL = "http://127.0.0.1:3000"
REGION = "us-east-1"
STACK = "ceap-local"
FEEDS = "ceap-local-feeds"
STAGE = "local"
PREFIX = f"ceap-{STAGE}-"
ARTIFACTS = "ceap-local-artifacts"
SENDER_DOMAIN = "example.com"  # verified in the local SES, so that any address of it may send

for _name in [name for name in os.environ if name.startswith("AWS_")]:
    del os.environ[_name]
os.environ.update(
    AWS_DEFAULT_REGION=REGION,
    AWS_ACCESS_KEY_ID="test",
    AWS_SECRET_ACCESS_KEY="test",
    AWS_CONFIG_FILE=os.devnull,
    AWS_SHARED_CREDENTIALS_FILE=os.devnull,
)

import boto3  # noqa: E402
from botocore.config import Config  # noqa: E402
from botocore.exceptions import ClientError, EndpointConnectionError  # noqa: E402
from samtranslator.parser.parser import Parser  # noqa: E402
from samtranslator.translator.translator import Translator  # noqa: E402
from samtranslator.yaml_helper import yaml_parse  # noqa: E402

# The translator counts its own work and warns when nobody collects the counts.
logging.getLogger("samtranslator").setLevel(logging.ERROR)
_CONFIG = Config(retries={"max_attempts": 2}, s3={"addressing_style": "path"})


def client(service):
    return boto3.client(service, endpoint_url=ENDPOINT, config=_CONFIG)


class Artifacts:
    """A bucket of what a deploy refers to, each under the hash of its content."""

    def __init__(self):
        self.s3 = client("s3")
        self.s3.create_bucket(Bucket=ARTIFACTS)
        pages = self.s3.get_paginator("list_objects_v2").paginate(Bucket=ARTIFACTS)
        self.present = {item["Key"] for page in pages for item in page.get("Contents", [])}
        self.used = set()

    def put(self, key, make_body):
        if key not in self.present:
            self.s3.put_object(Bucket=ARTIFACTS, Key=key, Body=make_body())
        self.used.add(key)
        return key

    def drop_unused(self):
        for key in self.present - self.used:
            self.s3.delete_object(Bucket=ARTIFACTS, Key=key)


def zipped(binary):
    """The binary as a package's executable `bootstrap`; stored, since nothing is gained by packing."""
    entry = zipfile.ZipInfo("bootstrap")
    entry.external_attr = 0o755 << 16
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as package:
        package.writestr(entry, binary)
    return out.getvalue()


def load(path):
    return yaml_parse(path.read_text(encoding="utf-8"))


def resources(template, kind):
    return [r["Properties"] for r in template["Resources"].values() if r["Type"] == kind]


def binaries(template, bin_dir):
    """Each function's Properties with its binary: the last folder of CodeUri names it."""
    for properties in resources(template, "AWS::Serverless::Function"):
        yield properties, bin_dir / pathlib.PurePosixPath(properties["CodeUri"]).name


def localise(path, template, bin_dir, artifacts):
    """Points code and definitions at what is here. The rest stays as it is committed."""
    for properties, binary in binaries(template, bin_dir):
        content = binary.read_bytes()
        digest = hashlib.sha256(content).hexdigest()[:24]
        key = artifacts.put(f"code/{binary.name}-{digest}.zip", lambda: zipped(content))
        properties["CodeUri"] = {"Bucket": ARTIFACTS, "Key": key}
    for properties in resources(template, "AWS::Serverless::StateMachine"):
        definition = path.parent / properties.pop("DefinitionUri")
        properties["Definition"] = json.loads(definition.read_text(encoding="utf-8"))


def reachable(body):
    """The addresses of WebSocket APIs, which AWS has under its own names: here they are paths of the local endpoint."""
    host = r"//\$\{(\w+)\}\.execute-api\.\$\{AWS::Region\}\.\$\{AWS::URLSuffix\}"
    path = rf"{ENDPOINT.removeprefix('http:')}/_aws/execute-api/${{\1}}"
    return re.sub(f"https:{host}", f"http:{path}", re.sub(f"wss:{host}", f"ws:{path}", body))


def unversioned(template):
    """Without versions and aliases of functions, and what moves requests from one to the next: there is no CodeDeploy here.
    Whoever asks for an alias asks for the function itself."""

    def plain(value, name=""):
        if isinstance(value, list):
            return [plain(one) for one in value]
        if not isinstance(value, dict):
            return value
        alias = re.fullmatch(r"(\w+)\.Alias", str(value.get("Ref", "")))
        if alias:
            return {"Ref": alias[1]} if name == "FunctionName" else {"Fn::GetAtt": [alias[1], "Arn"]}
        return {key: plain(one, key) for key, one in value.items()}

    template = plain(template)
    for properties in resources(template, "AWS::Serverless::Function"):
        for name in ("AutoPublishAlias", "AutoPublishAliasAllProperties", "DeploymentPreference"):
            properties.pop(name, None)
    return template


def expand(template):
    """SAM to CloudFormation, with the translator that AWS itself runs."""
    if "AWS::Serverless" not in json.dumps(template.get("Transform", "")):
        return template
    return Translator({}, Parser()).translate(unversioned(template), {})


def build(root_path, bin_dir, artifacts):
    """A root template, its nested templates uploaded."""
    root = load(root_path)
    nested = [(p, root_path.parent / p["Location"]) for p in resources(root, "AWS::Serverless::Application")]
    loaded = [(properties, path, load(path)) for properties, path in nested]
    missing = [b.name for _, _, t in loaded for _, b in binaries(t, bin_dir) if not b.is_file()]
    if missing:
        sys.exit(f"no binary in {bin_dir} for: {', '.join(sorted(missing))}; build the workspace first")
    for properties, path, template in loaded:
        localise(path, template, bin_dir, artifacts)
        body = reachable(json.dumps(expand(template), sort_keys=True))
        digest = hashlib.sha256(body.encode()).hexdigest()[:24]
        key = artifacts.put(f"templates/{path.parent.name}-{path.stem}-{digest}.json", body.encode)
        properties["Location"] = f"{ENDPOINT}/{ARTIFACTS}/{key}"
    return expand(root)


def deploy(stack, template, parameters):
    """Creates or updates a stack; True when something changed."""
    cfn = client("cloudformation")
    request = {
        "StackName": stack,
        "TemplateBody": json.dumps(template, sort_keys=True),
        "Parameters": [{"ParameterKey": k, "ParameterValue": v} for k, v in parameters.items()],
        "Capabilities": ["CAPABILITY_IAM", "CAPABILITY_AUTO_EXPAND"],
    }
    status = stack_status(cfn, stack)
    if status in ("CREATE_FAILED", "ROLLBACK_COMPLETE", "ROLLBACK_FAILED"):
        cfn.delete_stack(StackName=stack)
        settle(cfn, stack)
        status = None
    try:
        cfn.update_stack(**request) if status else cfn.create_stack(**request)
    except ClientError as error:
        if "No updates are to be performed" in str(error):
            return False
        raise
    status = settle(cfn, stack)
    if status not in ("CREATE_COMPLETE", "UPDATE_COMPLETE"):
        sys.exit(f"the stack {stack} ended in {status}:\n" + "\n".join(failures(cfn, stack)))
    return True


def stack_status(cfn, stack):
    try:
        status = cfn.describe_stacks(StackName=stack)["Stacks"][0]["StackStatus"]
    except ClientError:
        return None
    return None if status == "DELETE_COMPLETE" else status


def settle(cfn, stack):
    while (status := stack_status(cfn, stack)) and status.endswith("IN_PROGRESS"):
        time.sleep(0.1)
    return status


def failures(cfn, name):
    for stack in [s for s in cfn.describe_stacks()["Stacks"] if s["StackName"].startswith(name)]:
        for event in cfn.describe_stack_events(StackName=stack["StackId"])["StackEvents"]:
            if event["ResourceStatus"].endswith("FAILED"):
                yield f"  {event['LogicalResourceId']}: {event.get('ResourceStatusReason', '')}"


def deployed_resources(stack):
    """(type, logical id, physical id) of every resource, the nested stacks' included."""
    cfn = client("cloudformation")
    stacks = [stack]
    while stacks:
        for r in cfn.describe_stack_resources(StackName=stacks.pop())["StackResources"]:
            if r["ResourceType"] == "AWS::CloudFormation::Stack":
                stacks.append(r["PhysicalResourceId"])
            else:
                yield r["ResourceType"], r["LogicalResourceId"], r["PhysicalResourceId"]


def finish(found):
    """What MiniStack does not take from a template."""
    cors = resources(load(ROOT / "infra" / "api.yaml"), "AWS::ApiGatewayV2::Api")[0]["CorsConfiguration"]
    cors["AllowOrigins"] = ["*"]  # the default of the parameter it is split from
    gateway = client("apigatewayv2")
    for api in (physical for kind, _, physical in found if kind == "AWS::ApiGatewayV2::Api"):
        if gateway.get_api(ApiId=api)["ProtocolType"] == "HTTP":  # a WebSocket API knows no CORS
            gateway.update_api(ApiId=api, CorsConfiguration=cors)
    dynamodb = client("dynamodb")
    for table in (physical for kind, _, physical in found if kind == "AWS::DynamoDB::Table"):
        now = dynamodb.describe_time_to_live(TableName=table)["TimeToLiveDescription"]
        if now.get("TimeToLiveStatus") != "ENABLED":
            setting = {"Enabled": True, "AttributeName": "ttl"}
            dynamodb.update_time_to_live(TableName=table, TimeToLiveSpecification=setting)
    client("ses").verify_domain_identity(Domain=SENDER_DOMAIN)


def outputs(found, feeds):
    def by_id(kind, found=found):
        return {logical: physical for k, logical, physical in found if k == kind}

    functions = sorted(physical for k, _, physical in found + feeds if k == "AWS::Lambda::Function")
    return {
        "endpoint": ENDPOINT,
        "api_url": API_URL,
        "region": REGION,
        "api_id": by_id("AWS::ApiGatewayV2::Api")["HttpApi"],
        "functions": {name.removeprefix(PREFIX): name for name in functions},
        "log_groups": {name.removeprefix(PREFIX): f"/aws/lambda/{name}" for name in functions},
        "tables": {
            name.removesuffix("Table").lower(): table
            for name, table in by_id("AWS::DynamoDB::Table").items()
        },
        "queues": {
            url.rsplit("/", 1)[1].removeprefix(PREFIX): url.replace("//localhost:", "//127.0.0.1:")
            for url in sorted(by_id("AWS::SQS::Queue").values())
        },
        "stream": by_id("AWS::Kinesis::Stream")["EventStream"],
        "event_bus": by_id("AWS::Events::EventBus")["EventBus"],
        "schedule_group": by_id("AWS::Scheduler::ScheduleGroup")["ScheduleGroup"],
        "state_machine": by_id("AWS::StepFunctions::StateMachine")["SignalsStateMachine"],
        "reindex": by_id("AWS::StepFunctions::StateMachine")["ReindexStateMachine"],
        "recount": by_id("AWS::StepFunctions::StateMachine")["RecountStateMachine"],
        "backups": by_id("AWS::StepFunctions::StateMachine")["BackupsStateMachine"],
        "backups_bucket": by_id("AWS::S3::Bucket")["BackupsBucket"],
        "failed_records_bucket": by_id("AWS::S3::Bucket")["FailedRecordsBucket"],
        "drop_bucket": by_id("AWS::S3::Bucket")["DropBucket"],
        "search_bucket": by_id("AWS::S3::Bucket")["SearchBucket"],
        "files_bucket": by_id("AWS::S3::Bucket")["FilesBucket"],
        "lake": {
            "bucket": by_id("AWS::S3::Bucket")["LakeBucket"],
            "database": by_id("AWS::Glue::Database")["LakeDatabase"],
            "workgroup": by_id("AWS::Athena::WorkGroup")["LakeWorkgroup"],
        },
        "feeds": {
            "stream": by_id("AWS::Kinesis::Stream", feeds)["Clicks"],
            "queue": by_id("AWS::SQS::Queue", feeds)["Orders"].replace("//localhost:", "//127.0.0.1:"),
            "bus": by_id("AWS::Events::EventBus", feeds)["Shop"],
            "table": by_id("AWS::DynamoDB::Table", feeds)["Customers"],
        },
        "sign_in": {
            "user_pool": by_id("AWS::Cognito::UserPool")["UserPool"],
            "client": by_id("AWS::Cognito::UserPoolClient")["Client"],
        },
        "sender_domain": SENDER_DOMAIN,
    }


def announce(api_id):
    body = json.dumps({"api_id": api_id}).encode()
    request = urllib.request.Request(f"{API_URL}/_local/deployed", data=body, method="POST")
    urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request, timeout=10).close()


def main():
    parser = argparse.ArgumentParser(description="Deploys the templates to the local AWS.")
    parser.add_argument("--bin-dir", type=pathlib.Path, required=True, help="folder with one binary per function")
    parser.add_argument("--delay-scale", default="0.004", help="factor on delays: 0.004 makes an hour 14 s")
    arguments = parser.parse_args()

    artifacts = Artifacts()
    template = build(ROOT / "template.yaml", arguments.bin_dir, artifacts)
    feeds = build(ROOT / "infra" / "local" / "feeds.yaml", arguments.bin_dir, artifacts)
    parameters = {"Stage": STAGE, "LogRetentionDays": "1", "DelayScale": arguments.delay_scale, "AllowLoopback": "true", "PublicUrl": API_URL, "SmsProviders": "sns",
                  "SignIn": "cognito", "SignInMfa": "OPTIONAL", "CognitoEndpoint": ENDPOINT}
    changed = deploy(STACK, template, parameters)
    changed = deploy(FEEDS, feeds, {}) or changed
    found = list(deployed_resources(STACK))
    finish(found)
    artifacts.drop_unused()
    result = outputs(found, list(deployed_resources(FEEDS)))
    OUTPUTS.parent.mkdir(parents=True, exist_ok=True)
    OUTPUTS.write_text(json.dumps(result, indent=2) + "\n", encoding="utf-8")
    announce(result["api_id"])
    print("deployed" if changed else "nothing to deploy")


if __name__ == "__main__":
    try:
        main()
    except EndpointConnectionError:
        sys.exit(f"nothing answers at {ENDPOINT}: start serve.py first")
