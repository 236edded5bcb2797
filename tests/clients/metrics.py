"""Reads a server's counts by the strict parser of Prometheus's own client: python metrics.py HOST:PORT"""

import sys
import urllib.request

from prometheus_client.openmetrics.parser import text_string_to_metric_families

with urllib.request.urlopen(f"http://{sys.argv[1]}/metrics") as answer:
    families = list(text_string_to_metric_families(answer.read().decode()))
names = {family.name for family in families}
expected = "predictions probability model_duration_seconds store_duration_seconds problems missing_values requests".split()
missing = {f"lifeboat_{name}" for name in expected} - names
if missing:
    sys.exit(f"/metrics has no {', '.join(sorted(missing))}")
undocumented = [family.name for family in families if not family.documentation]
if undocumented:
    sys.exit(f"/metrics does not say what is {', '.join(undocumented)}")
samples = sum(len(family.samples) for family in families)
print(f"ok: {samples} samples of {len(families)} metrics, as OpenMetrics has them")
