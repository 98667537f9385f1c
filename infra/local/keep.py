"""What AWS keeps when machines die, kept over an end of the local AWS and a new start of it.

SIGUSR1 ends it so. First nothing that is under way is answered any more (`hold`), as when the machines of all functions
lose their power at once: an invocation may have done its work, and who invoked it never hears of it. Then all that services
hold is written (`save`), and the process ends. The next start takes it up (`load`) and begins workflows that were under way
again, from their first state (`go_on`): streams and queues bring again what nobody acknowledged, and Step Functions runs
an Express workflow at least once (https://docs.aws.amazon.com/step-functions/latest/dg/choosing-workflow-type.html).

Not kept: bodies in the deploy's own bucket, and rows that wait for others on their way into the event lake.
"""

import pathlib
import pickle
import shutil
import threading
import time

from ministack import app
from ministack.services import lambda_svc, s3, ses, stepfunctions

QUIET_S = 1.5  # after which whoever is not held has come to an invocation, or to an end
ATTEMPTS = 10  # at a service whose state changes while it is read
ARTIFACTS = "ceap-local-artifacts"  # deploy.py puts them again where they are missing

_holding = threading.Event()
_under_way = []
_taken_up = {}


def apply_all(folder, proxy_state, end):
    """`proxy_state` is what else is kept, and `end` ends the process."""
    _hold_when_told()
    file = pathlib.Path(folder) / "services.pickle"
    resumes = file.exists()
    if resumes:
        _taken_up.update(pickle.loads(file.read_bytes()))
        proxy_state.update(_taken_up.pop("proxy"))
    app.PERSIST_STATE = True
    app.load_state = load

    def save_all(services):
        if _holding.is_set():
            save(file, services, proxy_state)
            end()

    app.save_all = save_all

    tell = app._run_ready_scripts

    async def go_on_and_tell():
        shutil.rmtree(folder, ignore_errors=True)
        if resumes:
            go_on()
        await tell()

    app._run_ready_scripts = go_on_and_tell


def hold():
    """From now on no invocation begins, and none that ends is heard of."""
    _holding.set()


def _hold_when_told():
    execute = lambda_svc._execute_function_provided_warm

    def execute_unless_held(func, event, request_id):
        try:
            _wait_if_held()
            return execute(func, event, request_id)
        finally:
            _wait_if_held()

    lambda_svc._execute_function_provided_warm = execute_unless_held


def _wait_if_held():
    if _holding.is_set():
        threading.Event().wait()


def save(file, services, proxy_state):
    """Writes what services hold."""
    time.sleep(QUIET_S)
    state = {name: _read(read) for name, read in services.items()}
    state["proxy"] = dict(proxy_state)
    state["more"] = {"objects": _objects(), "emails": ses._sent_emails._data}
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(pickle.dumps(state))


def _read(read):
    for _ in range(ATTEMPTS):
        try:
            return read()
        except RuntimeError:  # changed size during iteration
            time.sleep(0.1)
    return read()


def _objects():
    return {key: bucket.get("objects", {}) for key, bucket in s3._buckets._data.items() if key[-1] != ARTIFACTS}


def load(name):
    """What a service held, once."""
    if name == "s3" and "more" in _taken_up:
        more = _taken_up.pop("more")
        ses._sent_emails._data.update(more["emails"])
        for key, objects in more["objects"].items():
            s3._buckets._data[key] = {"objects": objects}
    state = _taken_up.pop(name, None)
    if name == "stepfunctions" and state:
        # Those of Distributed Maps begin again with their parent's; who waited for an answer is gone.
        own = (it for it in state["executions"]._data.items() if not it[1].get("mapRunArn") and not it[1].get("sync"))
        _under_way.extend(key for key, execution in own if execution["status"] == "RUNNING")
    return state


def go_on():
    """Workflows that were under way begin again."""
    print(f"started with what AWS keeps; {len(_under_way)} workflows go on", flush=True)
    for key in _under_way:
        execution = stepfunctions._executions._data[key]
        for told in ("error", "cause"):
            execution.pop(told, None)
        execution.update(status="RUNNING", stopDate=None, events=execution["events"][:1])
        threading.Thread(target=stepfunctions._run_execution, args=(key[-1],), daemon=True).start()
    _under_way.clear()
