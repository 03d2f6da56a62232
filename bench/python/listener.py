"""What somebody would write who has no bridge: an oslo.messaging listener that makes spans with OpenTelemetry's SDK.

Arguments: the transport URL, the OTLP endpoint, the prefetch. Says `ready` on stdout when it listens; ends on SIGTERM.
Nothing is masked, parameters of SQL are left out, and a span is exported after its notifications were acknowledged:
the SDK does not tell when it was.
"""

import datetime
import signal
import sys
import threading
import uuid

import oslo_messaging
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.sdk.trace.id_generator import IdGenerator
from opentelemetry.trace import (
    NonRecordingSpan,
    SpanContext,
    SpanKind,
    TraceFlags,
    set_span_in_context,
)
from oslo_config import cfg

LOW_64_BITS = (1 << 64) - 1
EPOCH = datetime.datetime(1970, 1, 1)


class GivenIds(IdGenerator):
    """The ids that osprofiler gave, set before a span is made."""

    trace_id = span_id = 1

    def generate_trace_id(self):
        return self.trace_id

    def generate_span_id(self):
        return self.span_id


class Endpoint:
    filter_rule = oslo_messaging.NotificationFilter(event_type=r"^profiler\.")

    def __init__(self, exporter):
        self._exporter = exporter
        self._ids = GivenIds()
        self._providers = {}
        self._open = {}

    def info(self, ctxt, publisher_id, event_type, payload, metadata):
        key = (payload["base_id"], payload["trace_id"])
        if payload["name"].endswith("-start"):
            self._open[key] = payload
            return
        start = self._open.pop(key, None)
        if start is not None:
            self._export(start, payload)

    def shutdown(self):
        for provider in self._providers.values():
            provider.shutdown()

    def _export(self, start, stop):
        trace_id = uuid.UUID(start["base_id"]).int
        self._ids.trace_id = trace_id
        self._ids.span_id = uuid.UUID(start["trace_id"]).int & LOW_64_BITS
        parent = SpanContext(
            trace_id=trace_id,
            span_id=uuid.UUID(start["parent_id"]).int & LOW_64_BITS,
            is_remote=False,
            trace_flags=TraceFlags(TraceFlags.SAMPLED),
        )
        span = self._tracer(start).start_span(
            start["name"][: -len("-start")],
            context=set_span_in_context(NonRecordingSpan(parent)),
            kind=SpanKind.INTERNAL,
            attributes=dict(attributes_of(start["info"])),
            start_time=nanos_of(start["timestamp"]),
        )
        span.end(nanos_of(stop["timestamp"]))

    def _tracer(self, payload):
        key = (payload["project"], payload["service"], payload["info"].get("host"))
        provider = self._providers.get(key)
        if provider is None:
            resource = Resource({"service.name": f"{key[0]}-{key[1]}", "host.name": key[2] or ""})
            provider = TracerProvider(resource=resource, id_generator=self._ids, shutdown_on_exit=False)
            # The default queue of 2,048 drops what comes faster than it is exported. The delay is the bridge's.
            processor = BatchSpanProcessor(
                self._exporter, max_queue_size=1_000_000, schedule_delay_millis=200
            )
            provider.add_span_processor(processor)
            self._providers[key] = provider
        return provider.get_tracer("listener")


def attributes_of(info):
    db = info.get("db")
    if db:
        yield "db.query.text", db.get("statement", "")
    request = info.get("request")
    if request:
        for name in ("method", "path", "query", "scheme"):
            yield f"http.{name}", str(request.get(name, ""))
    function = info.get("function")
    if function:
        for name in ("name", "args", "kwargs"):
            yield f"code.{name}", str(function.get(name, ""))


def nanos_of(timestamp):
    since = datetime.datetime.strptime(timestamp, "%Y-%m-%dT%H:%M:%S.%f") - EPOCH
    return (since.days * 86_400 + since.seconds) * 1_000_000_000 + since.microseconds * 1_000


def main():
    url, endpoint, prefetch = sys.argv[1:]
    conf = cfg.ConfigOpts()
    conf([], project="listener")
    transport = oslo_messaging.get_notification_transport(conf, url=url)
    conf.set_override("rabbit_qos_prefetch_count", int(prefetch), group="oslo_messaging_rabbit")
    endpoints = [Endpoint(OTLPSpanExporter(endpoint=endpoint))]
    server = oslo_messaging.get_notification_listener(
        transport,
        [oslo_messaging.Target(topic="profiler")],
        endpoints,
        executor="threading",
        allow_requeue=False,
    )
    # Several workers would take a stop before its start, and mix the ids up.
    conf.set_override("executor_thread_pool_size", 1)
    stopping = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stopping.set())
    print("ready", flush=True)
    server.start()
    stopping.wait()
    server.stop()
    server.wait()
    endpoints[0].shutdown()


main()
