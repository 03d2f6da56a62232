"""Requests to OpenStack that carry a sampled traceparent are profiled, without a proxy in between.

usage: OSPROFILER_KEY=SECRET_KEY TRACEPARENT=00-…-01 main.py URL
"""

import base64
import hmac
import json
import os
import re
import sys
import uuid

from keystoneauth1 import session
import requests


class OsprofilerAdapter(requests.adapters.HTTPAdapter):
    """Signs each request that OpenTelemetry's instrumentation, or the program, gave a sampled traceparent."""

    def __init__(self, key):
        super().__init__()
        self.key = key.encode()

    def send(self, request, **options):
        sampled = re.fullmatch("00-([0-9a-f]{32})-([0-9a-f]{16})-.[13579bdf]", request.headers.get("traceparent", ""))
        if sampled:
            trace, span = sampled.groups()
            # The high half only has to differ from that of the trace id.
            parent = ("f" if trace.startswith("0" * 16) else "0") * 16 + span
            ids = {"base_id": str(uuid.UUID(trace)), "parent_id": str(uuid.UUID(parent))}
            info = base64.urlsafe_b64encode(json.dumps(ids).encode())
            request.headers["X-Trace-Info"] = info.decode()
            request.headers["X-Trace-HMAC"] = hmac.new(self.key, info, "sha1").hexdigest()
        return super().send(request, **options)


if __name__ == "__main__":
    url = sys.argv[1]
    http = requests.Session()
    # For the addresses of OpenStack only: whoever sees the headers can repeat them.
    http.mount(url, OsprofilerAdapter(os.environ["OSPROFILER_KEY"]))
    headers = {"traceparent": os.environ["TRACEPARENT"]}
    print(http.get(url, headers=headers).text)
    print(session.Session(session=http).get(url, headers=headers, authenticated=False).text)
