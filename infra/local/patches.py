"""What MiniStack 1.5.33 lacks or does differently, mended in memory before it starts.

Each function says what AWS does, and none changes more than that. README.md lists them.
"""

import collections
import contextvars
import datetime
import json
import socketserver
import threading
import time
import uuid

from ministack.core import lambda_runtime
from ministack.services import apigateway, cloudwatch_logs, eventbridge, kinesis, lambda_svc, scheduler
from ministack.services.cloudformation import _stacks, provisioners

SCHEDULER_TICK_S = 0.25
SCHEDULED_TIME = "<aws.scheduler.scheduled-time>"
ENVIRONMENTS = 8

# Set by the proxy for a request whose body is compressed, or is no text.
binary_body = contextvars.ContextVar("binary_body", default=False)

# Whether a function is called for a stream: who invokes it hears what failed, as on AWS.
_polling_stream = contextvars.ContextVar("polling_stream", default=False)


def apply_all():
    answer_at_once()
    schedule_to_event_bus()
    logs_as_they_come()
    keep_attributes_on_nested_update()
    login_pages_without_style()
    queries_and_budgets_of_nobody()
    alarms_of_several_metrics()
    keep_stream_positions()
    stream_failures_come_again()
    concurrency_from_parameter()
    few_environments()
    binary_when_it_is()


def answer_at_once():
    """The Lambda runtime API answers in two writes, which Nagle's algorithm holds back by 40 ms."""
    socketserver.StreamRequestHandler.disable_nagle_algorithm = True


def schedule_to_event_bus():
    """Scheduler's bus target puts an event with the Source and DetailType of its EventBridgeParameters.
    In a target's input it puts the instant that it fires for in the place of its context attribute."""
    scheduler._SCHEDULE_TICK_INTERVAL = SCHEDULER_TICK_S
    invoke = eventbridge._invoke_target

    def invoke_target(target, event, rule, view=None):
        parameters = target.get("EventBridgeParameters")
        if parameters:
            event = {**event, "Source": parameters["Source"], "DetailType": parameters["DetailType"]}
        if event.get("Source") == "aws.scheduler" and SCHEDULED_TIME in (target.get("Input") or ""):
            instant = datetime.datetime.fromtimestamp(event["Time"], datetime.timezone.utc)
            instant = instant.strftime("%Y-%m-%dT%H:%M:%SZ")
            target = {**target, "Input": target["Input"].replace(SCHEDULED_TIME, instant)}
        return invoke(target, event, rule, view)

    eventbridge._invoke_target = invoke_target


def logs_as_they_come():
    """A function's output reaches its log group line by line, in one stream for each environment.

    MiniStack gathers it after an invocation, waits up to 50 ms for it, leaves what comes later to the
    next invocation, and opens a stream for every invocation, which slows FilterLogEvents down.
    """

    def pump(worker, pipe, _queue):
        stream = _open_log_stream(worker.config)
        try:
            for raw in iter(pipe.readline, b""):
                now = int(time.time() * 1000)
                message = raw.decode("utf-8", errors="replace").rstrip("\r\n")
                cloudwatch_logs._append_log_events(
                    stream, [{"timestamp": now, "message": message, "ingestionTime": now}]
                )
        finally:
            pipe.close()

    lambda_runtime.ProvidedWorker._pump_output = pump
    lambda_runtime.ProvidedWorker._drain_stderr_bounded = lambda worker, **_: ""
    lambda_svc._emit_lambda_logs = lambda *_, **__: None


_log_lock = threading.Lock()


def _open_log_stream(config):
    name = (config.get("LoggingConfig") or {}).get("LogGroup") or f"/aws/lambda/{config['FunctionName']}"
    now = int(time.time() * 1000)
    stream = {
        "events": [],
        "uploadSequenceToken": "1",
        "creationTime": now,
        "firstEventTimestamp": None,
        "lastEventTimestamp": None,
        "lastIngestionTime": None,
    }
    with _log_lock:
        if name not in cloudwatch_logs._log_groups:
            cloudwatch_logs._create_log_group({"logGroupName": name})
        day = datetime.datetime.now(datetime.timezone.utc).strftime("%Y/%m/%d")
        cloudwatch_logs._log_groups[name]["streams"][f"{day}/[$LATEST]{uuid.uuid4().hex}"] = stream
    return stream


def keep_attributes_on_nested_update():
    """A resource that an update of a nested stack leaves alone keeps what Fn::GetAtt reads of it."""
    update = provisioners._update_resource

    def update_resource(kind, physical_id, old, new, stack_name, logical_id=None, old_attrs=None):
        if old_attrs is None:
            known = (_stacks.get(stack_name) or {}).get("_resources", {}).get(logical_id, {})
            old_attrs = known.get("Attributes")
        return update(kind, physical_id, old, new, stack_name, logical_id, old_attrs)

    provisioners._update_resource = update_resource


def login_pages_without_style():
    """CloudFormation knows no styles of Cognito's pages; here they have none."""
    handlers = {
        "create": lambda logical_id, props, stack_name: (f"{props['UserPoolId']}|{logical_id}", {}),
        "update": lambda physical_id, *_, **__: (physical_id, {}),
        "delete": lambda *_: None,
    }
    provisioners._RESOURCE_HANDLERS["AWS::Cognito::ManagedLoginBranding"] = handlers


def queries_and_budgets_of_nobody():
    """CloudFormation knows no saved queries and no budgets; here nobody asks for them."""

    def create(logical_id, _props, stack_name):
        return f"{stack_name}|{logical_id}", {}

    handlers = {"create": create, "update": lambda physical_id, *_, **__: (physical_id, {}), "delete": lambda *_: None}
    for kind in ("AWS::Logs::QueryDefinition", "AWS::Budgets::Budget"):
        provisioners._RESOURCE_HANDLERS[kind] = handlers


def alarms_of_several_metrics():
    """An alarm of metric math is refused: it is kept as one of its first metric, since none of them rings here."""
    record = provisioners._cw_metric_alarm_record

    def keep(name, props):
        stats = [metric["MetricStat"] for metric in props.get("Metrics") or [] if "MetricStat" in metric]
        if stats:
            own = {key: value for key, value in props.items() if key != "Metrics"}
            props = {**own, **stats[0]["Metric"], "Period": stats[0]["Period"], "Statistic": stats[0]["Stat"]}
        return record(name, props)

    provisioners._cw_metric_alarm_record = keep


def keep_stream_positions():
    """Event sources remember a list index, which the expiry of old records would shift."""
    kinesis._expire_records = lambda _stream: None


def stream_failures_come_again():
    """A stream's batch of which a function tells failures stays where it is, and comes again.

    AWS begins at the first record that failed; here the whole batch comes again, as it may on AWS too.
    Every mapping of the templates has ReportBatchItemFailures, without which AWS would not look.
    """
    execute = lambda_svc._execute_function

    def execute_or_fail(func, event):
        result = execute(func, event)
        body = result.get("body")
        failures = body.get("batchItemFailures") if isinstance(body, dict) else None
        if not (failures and _polling_stream.get()):
            return result
        told = {"errorType": "batchItemFailures", "errorMessage": json.dumps(failures)}
        return {**result, "error": True, "body": told}

    lambda_svc._execute_function = execute_or_fail
    lambda_svc._poll_kinesis = _for_stream(lambda_svc._poll_kinesis)
    lambda_svc._poll_dynamodb_streams = _for_stream(lambda_svc._poll_dynamodb_streams)


def _for_stream(poll):
    def poll_stream():
        token = _polling_stream.set(True)
        try:
            return poll()
        finally:
            _polling_stream.reset(token)

    return poll_stream


def concurrency_from_parameter():
    """A stack's parameter is a string; CloudFormation makes the number that a property wants of it."""
    limit = lambda_svc._sqs_esm_concurrency

    def concurrency(esm, *rest):
        scaling = esm.get("ScalingConfig") or {}
        if isinstance(scaling.get("MaximumConcurrency"), str):
            scaling["MaximumConcurrency"] = int(scaling["MaximumConcurrency"])
        return limit(esm, *rest)

    lambda_svc._sqs_esm_concurrency = concurrency


def few_environments():
    """A burst waits for one of a function's few processes, where AWS would start hundreds of them."""
    execute = lambda_svc._execute_function_provided_warm
    slots = collections.defaultdict(lambda: threading.BoundedSemaphore(ENVIRONMENTS))

    def execute_in_turn(func, event, request_id):
        with slots[func["config"]["FunctionName"]]:
            return execute(func, event, request_id)

    lambda_svc._execute_function_provided_warm = execute_in_turn


def binary_when_it_is():
    """What is no text, as a compressed body, comes as base64 whatever its content type says."""
    is_text = apigateway._v2_request_body_is_text
    apigateway._v2_request_body_is_text = lambda kind: not binary_body.get() and is_text(kind)


def start_no_more():
    """At the end: a workflow that retries a stopped function must not start its process anew."""

    def refuse(_worker, *_, **__):
        raise RuntimeError("the local AWS is shutting down")

    lambda_runtime.ProvidedWorker._spawn = refuse
