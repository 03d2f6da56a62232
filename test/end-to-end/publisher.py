"""Traces with the real osprofiler over the real oslo.messaging, and says what it sent.

What matters of every notification is printed as a line of JSON before it is sent: that is what the tests hold the spans
against. Nothing here knows the bridge.

usage: publisher.py TRANSPORT_URL {all,die} [--format 2.0]
       publisher.py TRANSPORT_URL hang        stays inside two points until standard input ends
       publisher.py TRANSPORT_URL send        sends payloads read from standard input, one a line
"""

import argparse
import json
import logging
import os
import sys
import threading

from oslo_config import cfg
import oslo_messaging
from osprofiler import initializer
from osprofiler import notifier
from osprofiler import opts
from osprofiler import profiler

PROJECT = "nova"
SERVICE = "nova-compute"
SERVER = "3f1c8a52-6d0e-4b57-9a53-2f7d1e0c9b11"


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("transport_url")
    parser.add_argument("scenario", choices=["all", "die", "hang", "send"])
    parser.add_argument("--format", choices=["1.0", "2.0"], default="1.0")
    arguments = parser.parse_args()
    logging.basicConfig(level=logging.ERROR)
    enable(arguments.transport_url, arguments.format)
    {"all": everything, "die": die, "hang": hang, "send": send}[arguments.scenario]()


def enable(transport_url, wire_format):
    """As a service does it at its start, but for the line printed for each notification."""
    conf = cfg.ConfigOpts()
    opts.set_defaults(conf, enabled=True, hmac_keys="SECRET_KEY")
    conf([], project=PROJECT)
    oslo_messaging.set_transport_defaults(PROJECT)
    initializer.init_from_conf(
        conf, context={}, project=PROJECT, service=SERVICE, host="publisher.example.org", transport_url=transport_url
    )
    notify = notifier.get()
    if wire_format == "2.0":
        notify.__self__.client = oslo_messaging.Notifier(
            notify.__self__.transport,
            publisher_id="publisher.example.org",
            driver="messagingv2",
            topics=["profiler"],
            retry=0,
        )
    lock = threading.Lock()

    def tell_and_notify(payload, context=None):
        with lock:
            print(json.dumps(essence(payload)), flush=True)
        notify(payload, context)

    notifier.set(tell_and_notify)


def essence(payload):
    info = payload.get("info", {})
    said = {key: payload[key] for key in ("name", "base_id", "trace_id", "parent_id", "timestamp")}
    return dict(said, host=info.get("host"), etype=info.get("etype"), message=info.get("message"))


def everything():
    for scenario in (nested, failing, decorated, typical, odd_names):
        begin()
        scenario()
    threads()


def begin():
    profiler.clean()
    profiler.init("SECRET_KEY")


def nested():
    with profiler.Trace("outer", info={"level": 0}):
        with profiler.Trace("middle", info={"level": 1, "tést": "日本 ☃ \ud83d"}):
            with profiler.Trace("inner"):
                pass
        with profiler.Trace("second-inner"):
            pass


def failing():
    try:
        with profiler.Trace("failing"):
            with profiler.Trace("cause"):
                raise ValueError("no such flavor: m1.gone")
    except ValueError:
        pass
    try:
        with profiler.Trace("wordless"):
            raise RuntimeError()
    except RuntimeError:
        pass


@profiler.trace("compute_manager", info={"part": "manager"})
def build(name, flavor=None, password=None):
    return name


@profiler.trace_cls("rpc", hide_result=False)
class ComputeManager(object):
    def attach_volume(self, volume, mountpoint="/dev/vda"):
        resize(volume)
        return {"volume": volume}


@profiler.trace("driver", hide_args=True)
def resize(volume):
    pass


def decorated():
    build("vm1", flavor="m1.tiny", password="hunter2-in-the-clear")
    ComputeManager().attach_volume("vol1", mountpoint="/dev/vdb")


def typical():
    """The points that osprofiler's middleware and its SQLAlchemy hooks make."""
    request = {"path": "/v2.1/servers/%s" % SERVER, "query": "limit=5", "method": "GET", "scheme": "http"}
    with profiler.Trace("wsgi", info={"request": request}):
        statement = "SELECT instances.id, instances.uuid FROM instances WHERE instances.uuid = %(uuid_1)s"
        profiler.start("db", info={"db": {"statement": statement, "params": {"uuid_1": SERVER, "limit": 1}}})
        profiler.stop()
        profiler.start("db", info={"db": {"statement": "INSERT INTO user (name) VALUES (?)", "params": [["a"], ["b"]]}})
        profiler.stop(info={"db": {"result": "[]"}})


def odd_names():
    for name in ("with-dash", "a-start", "b-stop", "host_restart", ""):
        profiler.start(name, info={"nan": float("nan"), "big": 2**70})
        profiler.stop()


def threads():
    """Points that begin and end in turns, so that no two halves of one are next to each other."""
    count = 4
    barrier = threading.Barrier(count)

    def work(number):
        begin()
        for round_number in range(5):
            barrier.wait()
            profiler.start("thread-%d" % number, info={"round": round_number})
            barrier.wait()
            profiler.start("step", info={"n": number})
            barrier.wait()
            profiler.stop()
            barrier.wait()
            profiler.stop()

    workers = [threading.Thread(target=work, args=(number,)) for number in range(count)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()


def die():
    """A process that is gone in the middle of a point, the enclosing one open too."""
    begin()
    profiler.start("survivor")
    profiler.start("finished")
    profiler.stop()
    sys.stdout.flush()
    os._exit(9)


def hang():
    """A build that hangs, below a call that has ended already."""
    begin()
    with profiler.Trace("build_and_run_instance"):
        with profiler.Trace("allocate_network"):
            pass
        with profiler.Trace("plug_vifs"):
            sys.stdin.read()


def send():
    for line in sys.stdin:
        if line.strip():
            notifier.notify(json.loads(line))


if __name__ == "__main__":
    main()
