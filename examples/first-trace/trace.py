"""A first trace without an OpenStack: what a service does, with the real osprofiler over the real oslo.messaging.

usage: python3 trace.py [TRANSPORT_URL]

Needs the packages osprofiler and oslo.messaging (Debian: python3-osprofiler, python3-oslo.messaging). Prints the UUID
that `openstack --os-profile` would print.
"""

import sqlite3
import sys
import time

from oslo_config import cfg
import oslo_messaging
from osprofiler import initializer, opts, profiler

KEY = "SECRET_KEY"
TRANSPORT_URL = sys.argv[1] if len(sys.argv) > 1 else "rabbit://guest:guest@127.0.0.1:5672/"


def enable_profiling():
    """What every OpenStack service does at its start when `[profiler] enabled` is true."""
    conf = cfg.ConfigOpts()
    opts.set_defaults(conf, enabled=True, hmac_keys=KEY)
    conf([], project="library")
    oslo_messaging.set_transport_defaults("library")
    initializer.init_from_conf(
        conf, context={}, project="library", service="api", host="localhost", transport_url=TRANSPORT_URL
    )


def query(database, statement):
    with profiler.Trace("db", info={"db": {"statement": statement, "params": {}}}):
        return database.execute(statement).fetchall()


@profiler.trace("rpc", hide_args=False)
def reserve(title, password):
    """Its arguments go into the notification, and the password is masked by the bridge."""
    time.sleep(0.02)
    return title


def main():
    enable_profiling()
    database = sqlite3.connect(":memory:")
    database.execute("CREATE TABLE books (title TEXT)")
    profiler.init(KEY)
    with profiler.Trace(
        "wsgi", info={"request": {"method": "POST", "path": "/v1/loans", "query": "", "scheme": "http"}}
    ):
        query(database, "SELECT title FROM books")
        reserve("Kindred", password="rosebud")
        query(database, "SELECT count(*) FROM books")
    print(profiler.get().get_base_id())


main()
