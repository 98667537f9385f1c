"""The local AWS in the foreground: MiniStack on 127.0.0.1:4566 and the HTTP API on 127.0.0.1:3000.

All state is in memory. SIGTERM or SIGINT ends it, the functions' processes included.
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


def prepare_environment():
    """MiniStack reads its settings when it is imported; its functions inherit the rest."""
    TEMPORARY.mkdir(parents=True, exist_ok=True)
    tempfile.tempdir = str(TEMPORARY)
    for name in list(os.environ):
        if name.startswith("AWS_"):  # nothing of the developer's own account gets in
            del os.environ[name]
    os.environ.update(
        TMPDIR=str(TEMPORARY),
        STATE_DIR=str(TEMPORARY / "state"),
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


async def run():
    from hypercorn.asyncio import serve
    from ministack.app import app

    from proxy import Proxy

    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    await asyncio.gather(
        serve(app, config_for(AWS_PORT), shutdown_trigger=stop.wait),
        serve(Proxy(app), config_for(API_PORT), shutdown_trigger=stop.wait),
    )


def main():
    prepare_environment()
    raise_file_limit()
    import lake
    import patches
    from ministack.core import lambda_runtime

    patches.apply_all()
    lake.apply_all()
    try:
        asyncio.run(run())
    except OSError as error:
        sys.exit(f"cannot serve on {HOST}, ports {AWS_PORT} and {API_PORT}: {error}")
    finally:
        patches.start_no_more()
        lambda_runtime.reset()
        shutil.rmtree(TEMPORARY, ignore_errors=True)
    # Pollers of MiniStack may still be at work; nothing of theirs outlives this.
    sys.stdout.flush()
    os._exit(0)


if __name__ == "__main__":
    main()
