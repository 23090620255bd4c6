"""Resources of other applications, which take no part: six kinds, as applications have them."""

from __future__ import annotations

import json


def unrelated(count: int) -> str:
    """`count` resources of six kinds, about 1 KB each, as applications have them."""
    return "".join(f"---\n{_KINDS[number % len(_KINDS)](number)}" for number in range(count))


def _deployment(number: int) -> str:
    return f"""\
apiVersion: apps/v1
kind: Deployment
metadata:
  name: application-{number}
  namespace: team-{number % 40}
  labels:
    app.kubernetes.io/name: application-{number}
    app.kubernetes.io/part-of: shop
spec:
  replicas: 3
  selector:
    matchLabels:
      app.kubernetes.io/name: application-{number}
  template:
    metadata:
      annotations:
        prometheus.io/scrape: "true"
        prometheus.io/port: "9090"
      labels:
        app.kubernetes.io/name: application-{number}
    spec:
      serviceAccountName: application-{number}
      containers:
      - name: server
        image: registry.example.com/shop/application-{number}:v1.{number % 90}.0@sha256:{number:064x}
        args: ["--listen=:8080", "--log-format=json", "--tenant={number}"]
        env:
        - name: POD_NAME
          valueFrom:
            fieldRef:
              fieldPath: metadata.name
        - name: FEATURES
          value: "yes"
        ports:
        - name: http
          containerPort: 8080
        readinessProbe:
          httpGet:
            path: /ready
            port: http
        resources:
          requests:
            cpu: 100m
            memory: 128Mi
        securityContext:
          allowPrivilegeEscalation: false
          capabilities:
            drop: [ALL]
"""


def _service(number: int) -> str:
    return f"""\
apiVersion: v1
kind: Service
metadata:
  name: application-{number}
  namespace: team-{number % 40}
spec:
  selector:
    app.kubernetes.io/name: application-{number}
  ports:
  - name: http
    port: 80
    targetPort: http
  - name: metrics
    port: 9090
    targetPort: 9090
"""


def _settings(number: int) -> str:
    properties = "\n".join(
        f"    service.{key}.url=https://backend-{key}.team-{number % 40}.example.com/api" for key in range(12)
    )
    rules = json.dumps({"tenant": number, "limits": {"rate": 100, "burst": 20}, "paths": ["/a", "/b & c", "- d"]})
    return f"""\
apiVersion: v1
kind: ConfigMap
metadata:
  name: settings-{number}
  namespace: team-{number % 40}
data:
  application.properties: |
    # written by the platform
{properties}
  rules.json: '{rules}'
  enabled: "on"
"""


def _policy(number: int) -> str:
    return f"""\
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata:
  name: application-{number}
  namespace: team-{number % 40}
spec:
  podSelector:
    matchLabels:
      app.kubernetes.io/name: application-{number}
  policyTypes: [Ingress, Egress]
  ingress:
  - from:
    - namespaceSelector:
        matchLabels:
          kubernetes.io/metadata.name: ingress
    ports:
    - protocol: TCP
      port: 8080
  egress:
  - to:
    - ipBlock:
        cidr: 10.{number % 256}.0.0/16
        except: [10.{number % 256}.1.0/24]
"""


def _rule(number: int) -> str:
    return f"""\
apiVersion: monitoring.coreos.com/v1
kind: PrometheusRule
metadata:
  name: application-{number}
  namespace: team-{number % 40}
spec:
  groups:
  - name: availability
    rules:
    - alert: TooManyErrors
      expr: |-
        sum(rate(http_requests_total{{app="application-{number}", code=~"5.."}}[5m]))
          / sum(rate(http_requests_total{{app="application-{number}"}}[5m])) > 0.05
      for: 10m
      labels:
        severity: page
      annotations:
        summary: "{{{{ $labels.app }}}}: more than 5 % of the requests fail"
        runbook: https://runbooks.example.com/{number}#errors
"""


def _job(number: int) -> str:
    return f"""\
apiVersion: batch/v1
kind: CronJob
metadata:
  name: cleanup-{number}
  namespace: team-{number % 40}
spec:
  schedule: "{number % 60} 3 * * *"
  concurrencyPolicy: Forbid
  jobTemplate:
    spec:
      template:
        spec:
          restartPolicy: OnFailure
          containers:
          - name: cleanup
            image: registry.example.com/shop/cleanup:v2
            command:
            - /bin/sh
            - -ec
            - |
              for day in 1 2 3; do
                cleanup --older-than "$day"d --tenant {number}
              done
            envFrom:
            - configMapRef:
                name: settings-{number}
"""


_KINDS = (_deployment, _service, _settings, _policy, _rule, _job)
