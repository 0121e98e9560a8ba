import argparse
from pathlib import Path
from socketserver import ThreadingMixIn
from wsgiref.simple_server import WSGIServer, make_server

from gisportal.billing.simulator.application import Simulator


class ThreadingServer(ThreadingMixIn, WSGIServer):
    daemon_threads = True


def main() -> None:
    parser = argparse.ArgumentParser(description="A payment service for tests.")
    parser.add_argument("orders", type=Path)
    parser.add_argument("--port", type=int, default=8300)
    parser.add_argument("--key", required=True)
    parser.add_argument("--secret", required=True)
    options = parser.parse_args()
    simulator = Simulator(options.orders, key=options.key, secret=options.secret)
    with make_server(
        "127.0.0.1", options.port, simulator, server_class=ThreadingServer
    ) as server:
        server.serve_forever()


main()
