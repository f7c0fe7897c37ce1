"""Send one trace with OpenTelemetry's own exporter, then ask MLflow for it. Prints what it has."""

import json
import os
import time

from mlflow import MlflowClient
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor


def main() -> None:
    """What a program does that knows OpenTelemetry and has never heard of MLflow."""
    url = os.environ["MLFLOW_TRACKING_URI"]
    exporter = OTLPSpanExporter(f"{url}/v1/traces", headers={"x-mlflow-experiment-id": "0"})
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    tracer = provider.get_tracer("pipeline")
    with tracer.start_as_current_span("align reads") as span:
        span.set_attribute("sample", "NA12878")
        with tracer.start_as_current_span("sort"):
            pass
    provider.shutdown()
    client, deadline = MlflowClient(), time.monotonic() + 20
    while not (found := client.search_traces(locations=["0"])) and time.monotonic() < deadline:
        time.sleep(0.2)
    (trace,) = found
    spans = {span.name: dict(span.attributes) for span in trace.data.spans}
    print(json.dumps({"spans": sorted(spans), "sample": spans["align reads"]["sample"]}))


if __name__ == "__main__":
    main()
