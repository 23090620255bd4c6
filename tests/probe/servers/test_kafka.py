"""A real Kafka broker through the gateway: its TLS listener is reached by the name and port of the list alone."""

from __future__ import annotations

import contextlib
import shutil
import socket
import ssl
import subprocess
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from real_clients import Way, of_maven, way

if TYPE_CHECKING:
    from collections.abc import Iterator

BROKER = "broker.kafka.example.com"
SETTINGS = """\
process.roles=broker,controller
node.id=1
controller.quorum.voters=1@127.0.0.1:{controller}
controller.listener.names=CONTROLLER
listeners=SSL://{address}:{port},CONTROLLER://127.0.0.1:{controller}
advertised.listeners=SSL://{name}:{advertised}
listener.security.protocol.map=SSL:SSL,CONTROLLER:PLAINTEXT
inter.broker.listener.name=SSL
ssl.keystore.type=PEM
ssl.keystore.location={directory}/keystore.pem
ssl.truststore.type=PEM
ssl.truststore.location={root}
log.dirs={directory}/data
offsets.topic.replication.factor=1
num.partitions=1
"""


class Broker:
    """A broker with a certificate for BROKER that tells clients to come back by that name, and the way to it."""

    def __init__(self, directory: Path, made: Way, jars: Path) -> None:
        self.way = made
        self._directory = directory
        # The broker finds itself, and clients find the stand-in for their sidecar: both by loopback.
        hosts = directory / "hosts"
        hosts.write_text(f"127.0.0.1 {BROKER} localhost\n")
        self._java = ["java", "-Xmx256m", f"-Djdk.net.hosts.file={hosts}", "-cp", f"{jars}/*"]

    def start(self) -> subprocess.Popen[bytes]:
        """The process, once it takes connections."""
        world, directory = self.way.world, self._directory
        certificate, key = world.mesh.issue(BROKER, BROKER)
        (directory / "keystore.pem").write_text(key.read_text() + certificate.read_text())
        file = directory / "server.properties"
        file.write_text(
            SETTINGS.format(
                controller=_free_port(),
                address=world.stand_in,
                port=world.port,
                name=BROKER,
                advertised=self.way.port,
                directory=directory,
                root=world.mesh.root,
            )
        )
        storage = ["kafka.tools.StorageTool", "format", "-t", "4L6g3nShT-eMCtK--X86sw", "-c", str(file)]
        subprocess.run([*self._java, *storage], check=True, capture_output=True, cwd=directory)
        log = directory / "log"
        with log.open("w") as output:
            process = subprocess.Popen([*self._java, "kafka.Kafka", str(file)], stdout=output, stderr=output)
        deadline = time.monotonic() + 300
        while "Kafka Server started" not in log.read_text():
            assert process.poll() is None, log.read_text()[-3000:]
            assert time.monotonic() < deadline, log.read_text()[-3000:]
            time.sleep(0.2)
        return process

    def asked(self) -> subprocess.CompletedProcess[str]:
        """What a client says that makes a topic, writes and reads."""
        source = Path(__file__).with_name("Queue.java")
        command = [*self._java, str(source), f"{BROKER}:{self.way.port}", str(self.way.world.mesh.root)]
        return subprocess.run(command, capture_output=True, text=True, check=False, timeout=300)


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        return int(taken.getsockname()[1])


@pytest.fixture(scope="module")
def broker(newest: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Broker]:
    if shutil.which("javac") is None:
        pytest.skip("needs a JDK: apt-get install default-jdk-headless")
    jars = of_maven("kafka")
    directory = tmp_path_factory.mktemp("kafka")
    with way(directory, newest, f"{BROKER}:9093", "0.0.0.0_9093") as made:
        found = Broker(directory, made, jars)
        process = found.start()
        yield found
        process.terminate()
        try:
            process.wait(timeout=30)
        except subprocess.TimeoutExpired:
            process.kill()


def test_a_client_makes_a_topic_writes_and_reads_through_the_gateway(broker: Broker) -> None:
    outcome = broker.asked()
    assert (outcome.stdout, outcome.returncode) == ("forty-two\n", 0), outcome.stderr[-3000:]
    assert broker.way.logged(BROKER, "port_9093_dynamic_forward_proxy_cluster")


def test_a_broker_that_is_not_listed_is_not_reached(broker: Broker) -> None:
    context = ssl.create_default_context(cafile=broker.way.world.mesh.root)
    context.check_hostname = False  # the broker would show the certificate that it has
    for name, is_reached in ((BROKER, True), ("other.kafka.example.com", False)):
        with contextlib.ExitStack() as stack:
            plain = stack.enter_context(socket.create_connection(("127.0.0.1", broker.way.port), 30))
            if not is_reached:
                stack.enter_context(pytest.raises(OSError, match=r"EOF|reset|closed"))
            stack.enter_context(context.wrap_socket(plain, server_hostname=name))
    assert broker.way.logged("other.kafka.example.com", "filter_chain_not_found")
