"""The application on stand-ins, as gunicorn loads it: `served:create()`, in a process of its own."""

import os
import time

from fakes import Database, Redis
from web import settings
from web.application import create_app


def create():
    app = create_app(settings.load(), Database(), Redis())
    app.config["VERSION"] = os.environ.get("APP_VERSION", "unknown")

    @app.get("/slow")
    def slow():
        # Long enough to be at work while the server is told to stop.
        time.sleep(1.0)
        return "done"

    return app
