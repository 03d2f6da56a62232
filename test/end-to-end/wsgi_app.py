"""The real osprofiler on the other side of an HTTP request. Nothing here knows the bridge.

usage: wsgi_app.py judge
           reads cases as lines of JSON and says of each what osprofiler makes of it:
           {"receive": {header: value}, "keys": "a,b"} -> {"base_id", "parent_id"} or null
           {"send": {"hmac_key", "base_id", "parent_id"}} -> the headers that a client of osprofiler sends
       wsgi_app.py serve TRANSPORT_URL HMAC_KEYS
           a small OpenStack-like API on a free port of this machine, whose number is printed; notifications go out
           over oslo.messaging. It answers whether it was profiled, and which headers it got that carry a trace.
           It ends with its standard input.
"""

import json
import sys
import threading
from wsgiref import simple_server

import webob
from osprofiler import profiler
from osprofiler import web


def judge():
    for line in sys.stdin:
        case = json.loads(line)
        answer = received(**case) if "receive" in case else sent(case["send"])
        print(json.dumps(answer), flush=True)


def received(receive, keys):
    """What WsgiMiddleware starts a profiler with."""
    seen = []

    def application(environ, start_response):
        active = profiler.get()
        # The middleware's own point is innermost: its parent is what the request said.
        seen.append(active and {"base_id": active.get_base_id(), "parent_id": active.get_parent_id()})
        return webob.Response()(environ, start_response)

    middleware = web.WsgiMiddleware(application, hmac_keys=keys, enabled=True)
    webob.Request.blank("/", headers=receive).get_response(middleware)
    return seen[0]


def sent(ids):
    profiler.init(**ids)
    try:
        return {name: as_text(value) for name, value in web.get_trace_id_headers().items()}
    finally:
        profiler.clean()


def as_text(value):
    return value.decode() if isinstance(value, bytes) else value


def serve(transport_url, hmac_keys):
    enable(transport_url, hmac_keys)

    def application(environ, start_response):
        request = webob.Request(environ)
        with profiler.Trace("db", info={"db": {"statement": "SELECT 1 FROM instances", "params": {}}}):
            pass
        carried = ("traceparent", "X-Trace-Info", "X-Trace-HMAC")
        received = {name: request.headers[name] for name in carried if name in request.headers}
        response = webob.Response(json_body={"profiled": profiler.get() is not None, "received": received})
        return response(environ, start_response)

    middleware = web.WsgiMiddleware(application, hmac_keys=hmac_keys, enabled=True)
    server = simple_server.make_server("127.0.0.1", 0, middleware, handler_class=QuietHandler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    print(server.server_port, flush=True)
    sys.stdin.read()


class QuietHandler(simple_server.WSGIRequestHandler):
    def log_message(self, *arguments):
        pass


def enable(transport_url, hmac_keys):
    from oslo_config import cfg
    import oslo_messaging
    from osprofiler import initializer
    from osprofiler import opts

    conf = cfg.ConfigOpts()
    opts.set_defaults(conf, enabled=True, hmac_keys=hmac_keys)
    conf([], project="nova")
    oslo_messaging.set_transport_defaults("nova")
    initializer.init_from_conf(
        conf, context={}, project="nova", service="osapi_compute", host="api.example.org", transport_url=transport_url
    )


if __name__ == "__main__":
    {"judge": judge, "serve": serve}[sys.argv[1]](*sys.argv[2:])
