"""What osprofiler's own OTLP driver costs the service that is traced: CPU of its process for a span.

Arguments: the recording (gzip), the OTLP endpoint, how many spans at least. Prints microseconds a span.
"""

import gzip
import json
import sys
import time

from opentelemetry import trace
from oslo_config import cfg
from osprofiler import opts
from osprofiler.drivers.otlp import OTLP


def payloads_in(recording):
    with gzip.open(recording, "rt") as lines:
        return [json.loads(json.loads(line)["body"])["payload"] for line in lines]


def main():
    recording, endpoint, least = sys.argv[1:]
    payloads = payloads_in(recording)
    conf = cfg.ConfigOpts()
    conf([], project="driver")
    for group, options in opts.list_opts():
        conf.register_opts(options, group=group)
    driver = OTLP(endpoint, project="nova", service="api", host="ctl-01", conf=conf)
    spans = 0
    before = time.process_time()
    while spans < int(least):
        for index, payload in enumerate(payloads):
            driver.notify(payload)
            # Its queue of 2,048 drops what comes faster than it is exported, and what is dropped costs less.
            if index % 1_000 == 0:
                trace.get_tracer_provider().force_flush()
        spans += len(payloads) // 2
    trace.get_tracer_provider().shutdown()
    print((time.process_time() - before) / spans * 1e6)


main()
