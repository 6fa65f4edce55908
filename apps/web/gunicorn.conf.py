"""gunicorn's settings, out of the app's own file. It is read again at SIGHUP, upon which new workers take over."""

import os
import shutil
import sys

_METRICS = os.environ.setdefault("PROMETHEUS_MULTIPROC_DIR", "/tmp/metrics")
if "web.metrics" not in sys.modules:
    # The start, and not a SIGHUP: what a former process counted is over. Before the import, which opens files there.
    shutil.rmtree(_METRICS, ignore_errors=True)
    os.makedirs(_METRICS)

import mtls  # noqa: E402
from web import logs, server, settings  # noqa: E402

_chosen = settings.load()

wsgi_app = "web.application:create_app()"
bind = f"0.0.0.0:{_chosen.server.port}"
worker_class = "web.server.Worker"
workers = _chosen.server.workers
threads = _chosen.server.threads
keepalive = _chosen.server.keepalive
graceful_timeout = _chosen.server.grace
timeout = 30
worker_tmp_dir = "/tmp"
# Nobody is to steer a running server but through signals.
control_socket_disable = True

# gunicorn asks for a certificate's file to know that it speaks TLS; what is served is read for each connection.
certfile, keyfile = mtls.pair(_chosen.tls)
ssl_context = server.ssl_context_hook(_chosen.tls)

logconfig_dict = logs.configuration(_chosen.server.level)
accesslog = None

child_exit = server.child_exit
worker_exit = server.worker_exit
