"""The local AWS in the foreground: MiniStack on 127.0.0.1:4566 and the HTTP API on 127.0.0.1:3000.

All state is in memory. SIGTERM or SIGINT ends it, the functions' processes included. SIGUSR1 ends it as a power cut
ends machines: what AWS keeps then, the next start has again (keep.py).
"""

import asyncio
import os
import pathlib
import shutil
import signal
import sys
import tempfile

HOST = "127.0.0.1"
AWS_PORT = 4566
API_PORT = 3000
RUN = pathlib.Path(__file__).resolve().parents[2] / ".local" / "run"
# The functions' code, unpacked: gigabytes, of which nothing is needed once it has stopped.
TEMPORARY = RUN / "tmp"
# What an end by SIGUSR1 leaves for the next start.
KEPT = RUN / "kept"


def prepare_environment():
    """MiniStack reads its settings when it is imported; its functions inherit the rest."""
    TEMPORARY.mkdir(parents=True, exist_ok=True)
    tempfile.tempdir = str(TEMPORARY)
    for name in list(os.environ):
        if name.startswith("AWS_"):  # nothing of the developer's own account gets in
            del os.environ[name]
    os.environ.update(
        TMPDIR=str(TEMPORARY),
        STATE_DIR=str(KEPT),
        S3_DATA_DIR=str(TEMPORARY / "s3"),
        BIND_HOST=HOST,
        GATEWAY_PORT=str(AWS_PORT),
        MINISTACK_REGION="us-east-1",
        IOT_MTLS_ENABLED="0",
        SFTP_ENABLED="0",
        LOG_LEVEL=os.environ.get("LOG_LEVEL", "WARNING"),
        AWS_ENDPOINT_URL=f"http://{HOST}:{AWS_PORT}",
        AWS_REGION="us-east-1",
        AWS_DEFAULT_REGION="us-east-1",
        AWS_ACCESS_KEY_ID="test",
        AWS_SECRET_ACCESS_KEY="test",
        AWS_CONFIG_FILE=os.devnull,
        AWS_SHARED_CREDENTIALS_FILE=os.devnull,
        AWS_EC2_METADATA_DISABLED="true",
        AWS_LAMBDA_LOG_FORMAT="JSON",  # as LoggingConfig does on AWS
    )


def config_for(port):
    from hypercorn.config import Config

    config = Config()
    config.bind = [f"{HOST}:{port}"]
    config.loglevel = "WARNING"
    config.keep_alive_timeout = 75
    config.graceful_timeout = 1
    config.include_server_header = False
    return config


def raise_file_limit():
    import resource

    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


async def run(proxy_state):
    from hypercorn.asyncio import serve
    from ministack.app import app

    import keep
    from proxy import Proxy

    stop = asyncio.Event()
    loop = asyncio.get_running_loop()

    def die():
        keep.hold()
        stop.set()

    loop.add_signal_handler(signal.SIGUSR1, die)
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    await asyncio.gather(
        serve(app, config_for(AWS_PORT), shutdown_trigger=stop.wait),
        serve(Proxy(app, proxy_state), config_for(API_PORT), shutdown_trigger=stop.wait),
    )


def main():
    prepare_environment()
    raise_file_limit()
    import keep
    import lake
    import patches

    proxy_state = {}
    patches.apply_all()
    lake.apply_all()
    keep.apply_all(KEPT, proxy_state, end_and_keep)
    try:
        asyncio.run(run(proxy_state))
    except OSError as error:
        sys.exit(f"cannot serve on {HOST}, ports {AWS_PORT} and {API_PORT}: {error}")
    finally:
        clear(TEMPORARY, KEPT)
    leave()


def clear(*folders):
    """Ends the functions' processes, and takes away what nobody needs any more."""
    import patches
    from ministack.core import lambda_runtime

    patches.start_no_more()
    lambda_runtime.reset()
    for folder in folders:
        shutil.rmtree(folder, ignore_errors=True)


def end_and_keep():
    clear(TEMPORARY)
    leave()


def leave():
    """Pollers of MiniStack may still be at work; nothing of theirs outlives this."""
    sys.stdout.flush()
    os._exit(0)


if __name__ == "__main__":
    main()
